import { join } from 'node:path'
import { type TokenPaths, writeTokenFile } from '../serve/access/token-file.ts'
import { makeToken, type Role, type TokenEntry } from '../serve/access/token.ts'

/** Token files with one token of each role, and the tokens. */
export async function makeTokenFiles(folder: string) {
  const paths = { viewer: join(folder, 'viewer-token'), operator: join(folder, 'operator-token') }
  const make = async (role: Role, name: string): Promise<{ token: string; entry: TokenEntry }> => {
    const made = await makeToken({ role, name, created: '2025-06-02T12:00:00Z' })
    writeTokenFile(paths[role], role, [made.entry])
    return made
  }
  const viewer = await make('viewer', 'kiosk')
  const operator = await make('operator', 'anna')
  return {
    paths: paths satisfies TokenPaths,
    viewer: viewer.token,
    operator: operator.token,
    entries: { viewer: viewer.entry, operator: operator.entry },
  }
}

export const bearer = (token: string): { readonly authorization: string } => ({
  authorization: `Bearer ${token}`,
})
