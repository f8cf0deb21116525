// The house's one-way streets (ARCHITECTURE.md): which file may import which. A checker of our own, because lint
// overrides match the text of an import, not the file it leads to.
import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

export type SourceFile = { path: string; text: string }

const WORKSPACES = ['proto', 'agent', 'collector', 'dashboard', 'hardware', 'e2e', 'scripts']

/** Which other workspaces a workspace may import. Only e2e sees both programs. */
const ALLOWED_WORKSPACES: Record<string, string[]> = {
  proto: [],
  agent: ['proto'],
  collector: ['proto'],
  dashboard: ['proto'],
  hardware: ['proto'],
  scripts: ['proto'],
  e2e: WORKSPACES,
}

/** Folders that talk to the outside world; each knows the core and itself, never another. */
const ADAPTERS: Record<string, string[]> = {
  agent: ['sensors', 'buffer', 'uplink'],
  collector: ['devices', 'ingest', 'log', 'store', 'serve', 'files'],
}

/** All that a core may import beside its own files: decisions are pure, drivers and I/O stay at the edge. */
const CORE_PACKAGES = /^(@barograph\/proto(\/.*)?|temporal-polyfill)$/

const TEST_FILE = /(\.(test|bench)|-contract)\.ts$/

const IMPORTS = [
  /(?:^|;)\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /(?:^|;)\s*import\s*['"]([^'"]+)['"]/gm,
  /\b(?:import|require)\(\s*['"]([^'"]+)['"]/g,
]

/** The module names a source text imports, exports from, or loads at run time by a literal name. */
export const importsOf = (text: string): string[] =>
  IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''))

/** Where an import leads inside the repository, as a path from its root; null for packages of others. */
const targetOf = (from: string, specifier: string): string | null => {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier)
  const own = /^@barograph\/([^/]+)(\/.*)?$/.exec(specifier)
  return own ? `${own[1]}${own[2] ?? '/index.ts'}` : null
}

/** `agent/sensors/http/pointer.ts` is in workspace `agent`, area `sensors`; `agent/main.ts` in no area. */
const placeOf = (path: string) => {
  const [workspace = '', ...rest] = path.split('/')
  return { workspace, area: rest.length > 1 ? (rest[0] ?? '') : '' }
}

const objectionTo = (from: string, specifier: string): string | null => {
  const source = placeOf(from)
  const path = targetOf(from, specifier)
  const target = path === null ? null : placeOf(path)
  if (target && target.workspace !== source.workspace && WORKSPACES.includes(target.workspace)) {
    const allowed = ALLOWED_WORKSPACES[source.workspace] ?? []
    if (!allowed.includes(target.workspace)) return `${source.workspace}/ may not import ${target.workspace}/`
  }
  const adapters = ADAPTERS[source.workspace]
  if (!adapters || TEST_FILE.test(from)) return null
  const isOwnFile = target?.workspace === source.workspace
  if (source.area === 'core') {
    if (isOwnFile ? target.area === 'core' : CORE_PACKAGES.test(specifier)) return null
    return 'core/ imports only its own files, @barograph/proto and temporal-polyfill'
  }
  if (adapters.includes(source.area) && isOwnFile) {
    if (path === `${source.workspace}/main.ts`) return 'main.ts wires the adapters, not the other way round'
    if (!['', 'core', source.area].includes(target.area)) {
      return `${source.area}/ may not import ${target.area}/: adapters never import each other`
    }
  }
  return null
}

/** One line for each import that goes against the direction. */
export const findViolations = (files: SourceFile[]): string[] =>
  files.flatMap(({ path, text }) =>
    importsOf(text).flatMap((specifier) => {
      const objection = objectionTo(path, specifier)
      return objection ? [`${path}: '${specifier}': ${objection}`] : []
    }),
  )

const IGNORED = /(^|\/)(node_modules|dist|data|generated)(\/|$)/

const readSources = (root: string): SourceFile[] =>
  globSync(`{${WORKSPACES.join(',')}}/**/*.{ts,tsx,js,mjs,cjs}`, {
    cwd: root,
    exclude: (path) => IGNORED.test(path),
  })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

if (import.meta.main) {
  const files = readSources(join(import.meta.dirname, '..'))
  const violations = findViolations(files)
  for (const violation of violations) console.log(violation)
  // A checker that looked at nothing must not look like a clean house.
  if (files.length === 0) console.log('No source file found.')
  process.exitCode = violations.length > 0 || files.length === 0 ? 1 : 0
}
