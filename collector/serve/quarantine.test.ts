import { decodeRelease } from '@barograph/proto'
import type { ApiQuarantine, ApiReadings, ApiReleased, ApiRollups } from '@barograph/proto/api'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createRig, epoch, get, noon, type Rig, run } from '../testing/serve-rig.ts'
import type { Server } from './index.ts'

// Real files and sockets on a machine that may be busy: patience, not a measure.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let rig: Rig
let server: Server

beforeEach(async () => {
  rig = createRig()
  const values = { temperature: [20_000, 21_000, 22_000] }
  await rig.sendBatch('balcony', { runs: [run({ values })] }, { quarantineAfterMs: noon })
  const uncertain = { clock: 'uncertain', clockErrorMs: 5_000 } as const
  await rig.sendBatch('attic', { ...uncertain, runs: [run({ values })] })
  await rig.fold()
  server = await rig.start()
})
afterEach(() => rig.close())

const list = async (query = '') => (await get(server, `/api/v1/quarantine${query}`)).body as ApiQuarantine
const order = (body: object, headers: Record<string, string> = {}) =>
  get(server, '/api/v1/quarantine/release', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
/** Records of the log behind the batches. */
async function releases() {
  const all = []
  for (let partition = 0; partition < rig.log.partitions; partition++)
    all.push(...(await rig.log.read(partition, 0, 100)))
  return all.filter(({ kind }) => kind === 'release').map(({ value }) => decodeRelease(value))
}

describe('the quarantine', () => {
  test('lists what waits with reasons, counts, numbers and times', async () => {
    expect(await list()).toEqual({
      total: 5,
      items: [
        expect.objectContaining({ device: 'attic', reason: 'time uncertain', count: 3 }),
        {
          device: 'balcony',
          sensor: 'bme280',
          epoch,
          reason: 'in the future',
          count: 2,
          ranges: 1,
          oldest: [{ firstSeq: 2, lastSeq: 3 }],
          firstTime: '2025-06-02T12:00:01Z',
          lastTime: '2025-06-02T12:00:02Z',
        },
      ],
    })
  })

  test('lists what is asked for, and counts what it leaves out', async () => {
    expect((await list('?device=attic')).items).toHaveLength(1)
    expect((await list('?reason=in%20the%20future')).items.map(({ device }) => device)).toEqual(['balcony'])
    expect(await list('?sensor=none')).toEqual({ total: 0, items: [] })
    const first = await list('?limit=1')
    expect([first.total, first.items.length]).toEqual([5, 1])
    expect((await get(server, '/api/v1/quarantine?why=x')).status).toBe(400)
  })
})

describe('a release', () => {
  test('is in the log when it is answered, and the readings count when it is folded', async () => {
    const answer = await order({ device: 'balcony', by: 'me', why: 'the clock was slow' })
    expect([answer.status, answer.body]).toEqual([200, { released: 2, records: 1, dryRun: false }])
    expect(await releases()).toEqual([
      {
        device: 'balcony',
        ranges: [{ sensor: 'bme280', epoch, firstSeq: 2, lastSeq: 3 }],
        by: 'me',
        why: 'the clock was slow',
      },
    ])
    await rig.fold()
    expect((await list()).total).toBe(3)
    const stream = '/api/v1/devices/balcony/sensors/bme280'
    const { rollups } = (await get(server, `${stream}/rollups?level=hour`)).body as ApiRollups
    expect(rollups.map(({ received }) => received)).toEqual([3])
    const { readings } = (await get(server, `${stream}/readings`)).body as ApiReadings
    expect(readings.map((one) => 'quarantined' in one)).toEqual([false, false, false])
  })

  test('takes only what is selected', async () => {
    const { body } = await order({ device: 'balcony', by: 'me', epoch, firstSeq: 3, lastSeq: 9 })
    expect(body as ApiReleased).toMatchObject({ released: 1 })
    expect((await releases())[0]?.ranges).toEqual([{ sensor: 'bme280', epoch, firstSeq: 3, lastSeq: 3 }])
    expect((await order({ device: 'balcony', by: 'me', reason: 'time uncertain' })).body).toMatchObject({
      released: 0,
      records: 0,
    })
  })

  test('that is only tried leaves the log alone', async () => {
    const { body } = await order({ device: 'balcony', by: 'me', dryRun: true })
    expect(body).toEqual({ released: 2, records: 0, dryRun: true })
    expect(await releases()).toEqual([])
  })

  test.each<[string, object, RegExp]>([
    ['without a device', { by: 'me' }, /device is missing/],
    ['without a name', { device: 'balcony' }, /by is missing/],
    ['with a field that nobody knows', { device: 'balcony', by: 'me', wehn: 1 }, /no parameter "wehn"/],
    ['with numbers of no epoch', { device: 'balcony', by: 'me', lastSeq: 9 }, /numbers of one epoch/],
    ['with a number that is none', { device: 'balcony', by: 'me', firstSeq: 0 }, /firstSeq is "0"/],
  ])('%s is refused in words', async (_name, body, words) => {
    const answer = await order(body)
    expect(answer.status).toBe(400)
    expect((answer.body as { detail: string }).detail).toMatch(words)
    expect(await releases()).toEqual([])
  })

  test('is taken from nobody else than this page and programs', async () => {
    const wanted = { device: 'balcony', by: 'me' }
    const foreign = await order(wanted, { origin: 'https://evil.example' })
    expect([foreign.status, (foreign.body as { code: string }).code]).toEqual([403, 'wrong-origin'])
    // What a form of another site could send without being asked back.
    const plain = await order(wanted, { 'content-type': 'text/plain' })
    expect([plain.status, (plain.body as { code: string }).code]).toEqual([415, 'not-json'])
    expect(await releases()).toEqual([])
    const own = `http://127.0.0.1:${server.port}`
    expect((await order(wanted, { origin: own })).status).toBe(200)
  })

  test('is not to be read', async () => {
    const answer = await get(server, '/api/v1/quarantine/release')
    expect(answer.body).toMatchObject({ status: 405, allowed: 'POST' })
  })
})
