/** The file that `sqlite:PATH` names; null: the URL names something else. */
export function sqlitePath(url: string): string | null {
  return url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : null
}

/** A URL as it may be shown: without its password. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z+]+:\/\/[^:@/]*):.*@/, '$1:hidden@')
}
