import type { CodedError } from '@barograph/proto'
import { type Access, createAccess, createOpenAccess, type Refused } from './access/index.ts'
import { followTokenFiles, type TokenPaths } from './access/token-file.ts'
import { createProxies, createReadRequester, type IsProxy, type ReadRequester } from './requester.ts'

/** How the page and the interface can be reached, and by whom. */
export interface ReachOptions {
  /** Where the hashes of tokens are; null: nobody is asked, on loopback only. */
  readonly tokens: TokenPaths | null
  /** Signs session cookies; null: a random one, so that sessions end with the process. */
  readonly sessionKey: string | null
  /** How long a session lasts without being used. */
  readonly sessionMs: number
  /** What every path begins with: '' or /barograph. */
  readonly prefix: string
  /** Other names under which the page is shown: https://weather.example */
  readonly origins: readonly string[]
  /** Addresses whose X-Forwarded-* headers are believed. */
  readonly trustedProxies: readonly string[]
  /** True: /metrics asks nobody. */
  readonly openMetrics: boolean
}

/** Only this machine, under no prefix, by nobody in particular. */
export const localReach: ReachOptions = {
  tokens: null,
  sessionKey: null,
  sessionMs: 7 * 86_400_000,
  prefix: '',
  origins: [],
  trustedProxies: [],
  openMetrics: false,
}

/** The same, ready to be asked. */
export interface Reach extends Pick<ReachOptions, 'prefix' | 'origins' | 'openMetrics' | 'sessionMs'> {
  readonly access: Access
  readonly requesterOf: ReadRequester
  readonly isProxy: IsProxy
}

/** Reads the tokens. Throws `bad-config` when they cannot be read. */
export function createReach(
  options: ReachOptions,
  {
    now,
    onTrouble,
    onRefused,
  }: {
    readonly now: () => number
    readonly onTrouble: (error: CodedError) => void
    readonly onRefused: (fields: Refused) => void
  },
): Reach {
  const { tokens: paths, sessionKey, sessionMs, prefix, origins, trustedProxies, openMetrics } = options
  const isProxy = createProxies(trustedProxies)
  const access = paths
    ? createAccess({
        tokens: followTokenFiles({ paths, now, onTrouble }),
        sessionKey,
        sessionMs,
        now,
        onRefused,
      })
    : createOpenAccess()
  return {
    access,
    requesterOf: createReadRequester(isProxy),
    isProxy,
    prefix,
    origins,
    openMetrics,
    sessionMs,
  }
}
