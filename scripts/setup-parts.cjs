// What scripts/setup.cjs decides, apart from what it does. Old Node (18) runs this before anything is installed,
// so: CommonJS, no dependencies, no TypeScript.
const { createHash } = require('node:crypto')
const { existsSync, readdirSync, readFileSync } = require('node:fs')
const { join } = require('node:path')

/** Machines for which npm carries the pinned Node; elsewhere the user's own must be new enough. */
const PINNED_ON = ['linux-x64', 'linux-arm64']

/** True when `running` (such as "v24.21.0") has at least the major version of `wanted`. */
const isNewEnough = (running, wanted) =>
  Number.parseInt(running.replace(/^v/, ''), 10) >= Number.parseInt(wanted, 10)

/** Why the Node that would run this project is unfit, with what to try; null where it is fit or npm brings one. */
const nodeProblem = ({ machine, running, runningPath, wanted }) => {
  if (PINNED_ON.includes(machine) || isNewEnough(running, wanted)) return null
  return [
    `Barograph needs Node ${wanted} (or any newer 24), but the node found is ${running}.`,
    `Looked for: the first node on PATH (${runningPath}); npm brings a pinned one only for ${PINNED_ON.join(' and ')},`,
    `and this machine is ${machine}.`,
    `Try: install Node ${wanted} from https://nodejs.org/ or with your version manager (nvm install ${wanted}),`,
    'open a new terminal, check with `node --version`, then run the same command again.',
  ].join('\n')
}

/** One string that changes when what has to be installed changes. */
const installStamp = (lockText, platform, arch) =>
  `${createHash('sha256').update(lockText).digest('hex')} ${platform}-${arch}\n`

/**
 * True when npm's own record of an installation holds every package of the lock file at its version.
 * Spares a second installation to whoever has just run `npm install`. Optional packages may be absent.
 */
const isInstalledAsLocked = (lock, installed) =>
  Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .every(([path, wanted]) => {
      const found = installed.packages[path]
      if (!found) return Boolean(wanted.optional || wanted.devOptional || wanted.peer)
      return found.version === wanted.version && found.integrity === wanted.integrity
    })

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'data', '.git'])

/** Files below `folder` in a stable order, without tests and what was built or installed. */
const sourceFiles = (folder) => {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : sourceFiles(path)
      return entry.isFile() && !/\.(test|bench)\.ts$/.test(entry.name) ? [path] : []
    })
}

/** One string that changes when the page must be built again: contents, not dates, which a clone resets. */
const sourcesStamp = (root, folders, extraFiles) => {
  const hash = createHash('sha256')
  for (const path of [...folders.flatMap((folder) => sourceFiles(join(root, folder))), ...extraFiles]) {
    hash
      .update(`${path.slice(root.length)}\0`)
      .update(readFileSync(path))
      .update('\0')
  }
  return `${hash.digest('hex')}\n`
}

/** The last lines of a program's output, for an error message. */
const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n')

module.exports = {
  PINNED_ON,
  installStamp,
  isInstalledAsLocked,
  isNewEnough,
  lastLines,
  nodeProblem,
  sourceFiles,
  sourcesStamp,
}
