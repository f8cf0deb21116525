const knownZones = new Map<string, boolean>()

/** True for a time zone that this runtime knows. */
export function isTimeZone(name: string): boolean {
  let known = knownZones.get(name)
  if (known === undefined) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: name })
      known = /^[A-Za-z]/.test(name) // offsets such as +05:30 are accepted by Intl, but are no zones
    } catch {
      known = false
    }
    if (knownZones.size > 2_000) knownZones.clear()
    knownZones.set(name, known)
  }
  return known
}
