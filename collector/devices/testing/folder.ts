import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { hashForMosquitto, hashToken, makeToken } from '../token.ts'
import type { NewCredential, RegisteredSite } from '../registry.ts'

/** A folder for a registry; gone after the test. */
export function makeDevicesFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-devices-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const somewhere: RegisteredSite = {
  name: 'Somewhere',
  latitude: 1,
  longitude: 2,
  altitudeM: 3,
  timeZone: 'UTC',
}

/** A token and what is kept of it. */
export async function newToken(): Promise<{ token: string; credential: NewCredential }> {
  const token = makeToken()
  const [tokenHash, mosquittoHash] = [await hashToken(token), hashForMosquitto(token)]
  return { token, credential: { kind: 'token', endsMs: null, tokenHash, mosquittoHash, serial: null } }
}
