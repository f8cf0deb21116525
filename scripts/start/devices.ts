import type { ApiDevices } from '@barograph/proto/api'

const everyMs = 2_000

/** Says in one line each what a person at the terminal should know: a sensor's fault, and its end. */
export function watchDevices({
  page,
  say,
}: {
  readonly page: string
  readonly say: (text: string) => void
}): void {
  const faults = new Map<string, string>()

  async function look(): Promise<void> {
    const answer = await fetch(`${page}/api/v1/devices`)
    if (!answer.ok) return
    const { devices } = (await answer.json()) as ApiDevices
    for (const { id, sensors } of devices)
      for (const sensor of sensors) {
        const name = `${id}/${sensor.id}`
        const before = faults.get(name)
        const fault = sensor.fault
        if (fault && before !== fault.code) {
          faults.set(name, fault.code)
          say(`  ${id}: ${fault.detail.replace(/(?<![.?!])$/, '.')} It keeps trying.`)
        } else if (!fault && before !== undefined) {
          faults.delete(name)
          say(`  ${id}: works again.`)
        }
      }
  }

  // A page that does not answer for a moment is no news here: the collector's end is reported by who started it.
  setInterval(() => void look().catch(() => undefined), everyMs).unref()
}
