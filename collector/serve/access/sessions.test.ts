import { expect, test } from 'vitest'
import { createSessions } from './sessions.ts'
import { makeToken, type TokenEntry } from './token.ts'

const created = '2025-06-02T12:00:00Z'

async function setUp({ key = 'k'.repeat(32) as string | null } = {}) {
  const { entry } = await makeToken({ role: 'viewer', name: 'kiosk', created })
  const world = { now: 1_000_000, entries: [entry] as TokenEntry[] }
  const make = () =>
    createSessions({ key, lifetimeMs: 60_000, now: () => world.now, entries: () => world.entries })
  return { entry, world, make, sessions: make() }
}

test('a session holds for its time and no longer', async () => {
  const { sessions, world, entry } = await setUp()
  const { value } = sessions.issue(entry)
  expect(sessions.read(value)).toMatchObject({ token: entry, issued: 1_000_000, expires: 1_060_000 })
  world.now += 59_999
  expect(sessions.read(value)).not.toBeNull()
  world.now += 1
  expect(sessions.read(value)).toBeNull()
})

test('servers with one key know the same sessions, those with keys of their own do not', async () => {
  const { sessions, make, entry } = await setUp()
  expect(make().read(sessions.issue(entry).value)).not.toBeNull()
  const alone = await setUp({ key: null })
  expect(alone.make().read(alone.sessions.issue(alone.entry).value)).toBeNull()
})

test('a session that was signed out is over, and another of the same token is not', async () => {
  const { sessions, entry } = await setUp()
  const one = sessions.issue(entry)
  const other = sessions.issue(entry)
  sessions.end(one.session)
  expect(sessions.read(one.value)).toBeNull()
  expect(sessions.hasEnded(one.session)).toBe(true)
  expect(sessions.read(other.value)).not.toBeNull()
})

test('a revoked token ends its sessions, and so does one made anew', async () => {
  const { sessions, world, entry } = await setUp()
  const { value, session } = sessions.issue(entry)
  const { entry: another } = await makeToken({ role: 'viewer', name: 'kiosk', created })
  world.entries = [{ ...another, id: entry.id }]
  expect(sessions.read(value)).toBeNull()
  world.entries = []
  expect(sessions.read(value)).toBeNull()
  expect(sessions.hasEnded(session)).toBe(true)
})

test('a cookie that was changed anywhere is none', async () => {
  const { sessions, world, entry } = await setUp()
  const { entry: boss } = await makeToken({ role: 'operator', name: 'anna', created })
  world.entries = [entry, boss]
  const { value } = sessions.issue(entry)
  const [, issued = '', id = '', mac = ''] = value.split('.')
  const later = (Number.parseInt(issued, 36) + 1).toString(36)
  for (const forged of [
    [boss.id, issued, id, mac],
    [entry.id, later, id, mac],
    [entry.id, issued, id.replace(/^./, (c) => (c === 'a' ? 'b' : 'a')), mac],
    [entry.id, issued, id, mac.replace(/^./, (c) => (c === 'a' ? 'b' : 'a'))],
    [entry.id, issued, id, ''],
    [entry.id, issued, id, mac, 'more'],
  ])
    expect(sessions.read(forged.join('.'))).toBeNull()
  for (const text of ['', '....', 'x'.repeat(10_000)]) expect(sessions.read(text)).toBeNull()
})
