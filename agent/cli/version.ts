import manifest from '../package.json' with { type: 'json' }

/** Of this agent, as its package says. */
export const agentVersion: string = manifest.version
