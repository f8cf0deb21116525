// What agent and collector share to read a configuration: text and environment in, checked object out, no I/O. Apart
// from the rest of proto so that the page never bundles a YAML parser.
export { type Override, variableName } from './environment.ts'
export { hideSecrets, loadConfig, type LoadOptions } from './load.ts'
export type { ConfigIssue } from './problem.ts'
export { suggest } from './suggest.ts'
export * from './values.ts'
