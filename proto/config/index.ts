// What agent and collector share to read a configuration: text and environment in, checked object out, no I/O. Apart
// from the rest of proto so that the page never bundles a YAML parser.
export { type Override, variableName } from './environment.ts'
export { hideSecrets, loadConfig, loadPlacedConfig, type LoadOptions, type PlacedConfig } from './load.ts'
export { placeIssues } from './part.ts'
export type { ConfigIssue } from './problem.ts'
export { suggest } from './suggest.ts'
export * from './values.ts'
export { formatYaml } from './yaml-text.ts'
