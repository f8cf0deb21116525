// A lock that two setups started at the same moment agree on, and that a killed one cannot leave locked.
const { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, rmdirSync, unlinkSync, writeFileSync } =
  require('node:fs')
const { join } = require('node:path')

/** When a process started, in kernel ticks: process ids come round again, above all in containers. */
const startedAt = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return '0'
  }
}

const nameOf = (pid) => `${pid}-${startedAt(pid)}`

const isAlive = (owner) => {
  const pid = Number.parseInt(owner, 10)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (error.code !== 'EPERM') return false
  }
  return nameOf(pid) === owner
}

/**
 * Tries once to take the lock folder. Returns { release } or { heldBy: pid }.
 * The folder arrives by rename with its owner's file already in it, so it never exists without an owner; a rename
 * succeeds only onto nothing or an empty folder. A dead owner's file is removed by its own name, so whoever is
 * late in noticing cannot remove a living one's.
 */
const tryLock = (folder) => {
  const mine = nameOf(process.pid)
  const draft = `${folder}-${mine}`
  for (;;) {
    mkdirSync(draft, { recursive: true })
    writeFileSync(join(draft, mine), '')
    try {
      renameSync(draft, folder)
      return { release: () => releaseLock(folder, mine) }
    } catch (error) {
      rmSync(draft, { recursive: true, force: true })
      if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error
    }
    const owners = ownersOf(folder)
    const living = owners.find(isAlive)
    if (living) return { heldBy: Number.parseInt(living, 10) }
    for (const owner of owners) ignoreMissing(() => unlinkSync(join(folder, owner)))
  }
}

const ownersOf = (folder) => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const releaseLock = (folder, mine) => {
  ignoreMissing(() => unlinkSync(join(folder, mine)))
  ignoreMissing(() => rmdirSync(folder))
}

const ignoreMissing = (act) => {
  try {
    act()
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error
  }
}

module.exports = { tryLock }
