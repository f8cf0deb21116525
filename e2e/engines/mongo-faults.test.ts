import type { ApiDeliveries } from '@barograph/proto/api'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../collector/core/store.ts'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import { at, deviceOf, rollupOf } from '../../collector/store/testing/documents.ts'
import { createCollector } from '../harness/collector.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { agentProgram, collectorProgram, run, start } from '../harness/process.ts'
import { eventually, sleep } from '../harness/wait.ts'
import { needsMongodbToKill } from '../needs.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

const kills = 3
/** For what takes some seconds on a machine that has nothing else to do. */
const patienceMs = 180_000

describe.skipIf(!needsMongodbToKill.isMet)(
  `a MongoDB that is killed while it is written to ${needsMongodbToKill.title}`,
  () => {
    let server: MongoServer
    beforeAll(async () => {
      server = await startMongoServer({ own: true })
    })
    afterAll(() => server?.stop())
    const engine = () => {
      if (!server.service) throw new Error('a server that is not ours')
      return server.service
    }

    test(
      'holds whatever it acknowledged, and whole, and writers go on with the same store',
      async () => {
        const url = server.freshUrl()
        const opened = await Promise.all([1, 2].map(() => createMongoStore({ url })))
        onTestFinished(async () => void (await Promise.all(opened.map((store) => store.close()))))
        const writers = opened.map(startWriter)
        for (let i = 0; i < kills; i++) {
          const before = writers.map((writer) => writer.acknowledged())
          await eventually(
            'both write',
            () => writers.every((writer, k) => writer.acknowledged() > (before[k] ?? 0) + 10),
            patienceMs,
          )
          await engine().kill('SIGKILL')
          // Read by a store that has not seen what was acknowledged.
          const counted = writers.map((writer) => writer.acknowledged())
          await engine().restart()
          const reader = await createMongoStore({ url, readOnly: true })
          for (const [k, least] of counted.entries()) await expectWritten(reader, k, least)
          await reader.close()
        }
        await Promise.all(writers.map((writer) => writer.stop()))
        for (const [k, writer] of writers.entries()) {
          expect(writer.troubles()).toBeGreaterThan(0)
          await expectWritten(opened[k] as Store, k, writer.acknowledged())
        }
      },
      2 * patienceMs,
    )

    test(
      'costs no reading under load, and a rebuild that it breaks off is done by the next one',
      async () => {
        const folder = temporaryFolder()
        const collector = await createCollector({
          folder,
          env: { BAROGRAPH_STORE_URL: server.freshUrl() },
        })
        await collector.start()
        const load =
          '--devices 4 --rate 20 --seed 3 --late 5 --duplicate 2 --duration 12s --drain-limit 170s --json'
        const fleet = start([agentProgram, 'simulate', ...load.split(' '), '--url', collector.broker])
        const stored = async () => (await collector.get<ApiDeliveries>('/api/v1/delivery')).total.stored
        for (let i = 0, before = 0; i < kills; i++) {
          before = await eventually(
            'more is stored',
            async () => {
              const now = await stored()
              return now > before ? now : null
            },
            patienceMs,
          )
          await engine().kill('SIGKILL')
          await sleep(500)
          await engine().restart()
        }
        const { code, stdout, stderr } = await fleet.ended
        expect(code, stderr + collector.process().stderr()).toBe(0)
        const { devices } = JSON.parse(stdout) as { devices: Ledger[] }
        expect(devices.map(({ accepted, lost, stored }) => accepted - lost - stored)).toEqual([0, 0, 0, 0])
        const accepted = devices.reduce((sum, device) => sum + device.accepted, 0)
        expect(accepted).toBeGreaterThan(500)
        await eventually(
          'nothing is on its way',
          async () => (await collector.get<ApiDeliveries>('/api/v1/delivery')).total.onTheWay === 0,
          patienceMs,
        )
        const rebuild = (...args: string[]) => run([collectorProgram, 'rebuild', ...args], collector.env)
        const dry = await rebuild('--dry-run', '--json')
        expect(dry.code, dry.stdout + dry.stderr).toBe(0)
        const compared = linesOf(dry.stdout)
        expect(compared.map(({ state }) => state)).toEqual(Array(4).fill('compared'))

        const broken = start([collectorProgram, 'rebuild', '--json'], collector.env)
        await eventually('one device is made anew', () => !broken.isRunning() || broken.stdout() !== '')
        await engine().kill('SIGKILL')
        await engine().restart()
        const { code: brokenCode, stderr: words } = await broken.ended
        // It may have been over before the kill; otherwise it says why it is not, in one sentence.
        const isSaid = /^barograph-collector: MongoDB at mongodb:.* does not answer/m.test(words)
        expect([brokenCode, isSaid]).toEqual(brokenCode === 0 ? [0, false] : [1, true])

        const whole = await eventually('the next rebuild is done', async () => {
          const ended = await rebuild('--json')
          return ended.code === 0 ? ended : null
        })
        const made = linesOf(whole.stdout)
        expect(made.map(({ device, state, windows }) => [device, state, windows])).toEqual(
          compared.map(({ device, windows }) => [device, 'swapped', windows]),
        )
        const audit = await eventually('the collector has looked at the swaps', async () => {
          const ended = await collector.audit()
          return ended.code === 0 ? ended : null
        })
        expect(audit.code).toBe(0)
        expect((await collector.stop()).code).toBe(0)
      },
      3 * patienceMs,
    )
  },
)

interface Ledger {
  readonly accepted: number
  readonly lost: number
  readonly stored: number
}

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { device: string; state: string; windows: number })

const windowsAtOnce = 20

/** Writes ever newer documents under ids of its own, and counts what was acknowledged: the n-th is known to be written. */
function startWriter(store: Store, own: number) {
  let [acknowledged, troubles, isOver] = [0, 0, false]
  const write = async (n: number): Promise<void> => {
    await store.write('devices', [deviceOf(`writer-${own}`, at(n), `n ${n}`)])
    const windows = Array.from({ length: windowsAtOnce }, (_, i) =>
      rollupOf('10s', i, at(n), n, [`writer-${own}`, 's']),
    )
    await store.write('rollups', windows)
  }
  const done = (async () => {
    for (let n = 1; !isOver; )
      try {
        await write(n)
        acknowledged = n++
      } catch {
        // Not acknowledged, written or not: the same again.
        troubles++
        await sleep(50)
      }
  })()
  return {
    acknowledged: () => acknowledged,
    troubles: () => troubles,
    async stop() {
      isOver = true
      await done
    },
  }
}

async function expectWritten(store: Store, own: number, least: number): Promise<void> {
  const [device] = await store.read('devices', [`writer-${own}`])
  expect(device?.o.n).toBeGreaterThanOrEqual(least)
  expect(device?.agentVersion).toBe(`n ${device?.o.n}`)
  const query = { device: `writer-${own}`, set: 0, limit: 2 * windowsAtOnce }
  const { items } = await store.windows(query)
  expect(items).toHaveLength(windowsAtOnce)
  for (const window of items) {
    expect(window.o.n).toBeGreaterThanOrEqual(least)
    // Whole: the sum is of the same writing as the position.
    expect(window.metrics.temperature?.sum).toBe(window.o.n)
  }
}
