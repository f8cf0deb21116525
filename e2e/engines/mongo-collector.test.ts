import type { ApiDevices, ApiLastAudit, ApiReadiness } from '@barograph/proto/api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import { createAgent } from '../harness/agent.ts'
import { createCollector } from '../harness/collector.ts'
import { comparableRollups } from '../harness/documents.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { collectorProgram, run } from '../harness/process.ts'
import { eventually } from '../harness/wait.ts'
import { needsMongodbToKill } from '../needs.ts'
import { newarkYaml } from '../newark/agent-yaml.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

/** For what takes 10 s on a machine that has nothing else to do. */
const patienceMs = 180_000

describe.skipIf(!needsMongodbToKill.isMet)(`the collector on MongoDB ${needsMongodbToKill.title}`, () => {
  let server: MongoServer
  beforeAll(async () => {
    server = await startMongoServer({ own: true })
  })
  afterAll(() => server?.stop())

  test(
    "Newark's year, with the server killed and hung, becomes the same windows as in an SQLite file",
    async () => {
      const folder = temporaryFolder()
      const url = server.freshUrl()
      const { service } = server
      if (!service) throw new Error('a server that is not ours')
      const env = { BAROGRAPH_STORE_URL: url }
      const collector = await createCollector({ folder, env })
      await collector.start()
      const troubles = async () => {
        const answer = await fetch(`${collector.page}/readyz`)
        const { checks } = (await answer.json()) as ApiReadiness
        const words = checks.filter(({ ok }) => !ok).map(({ detail }) => detail)
        return { status: answer.status, words: words.join('\n') }
      }
      const isReady = async () => (await troubles()).status === 200

      await service.kill('SIGKILL')
      const agent = createAgent({
        folder,
        name: 'newark',
        yaml: newarkYaml('newark', 'max'),
        broker: collector.broker,
      })
      agent.start()
      await eventually('the server that is away is told of', async () => {
        const { status, words } = await troubles()
        return status === 503 && /MongoDB at mongodb:.* does not answer \(connect ECONNREFUSED/.test(words)
      })
      await service.restart()
      await eventually('it goes on by itself', isReady)
      service.pause()
      await eventually('the server that hangs is told of', async () => {
        const { status, words } = await troubles()
        return status === 503 && /no answer within|does not answer/.test(words)
      })
      service.resume()
      await eventually('it goes on by itself again', isReady)
      await eventually(
        'the last row is stored',
        async () => {
          const { devices } = await collector.get<ApiDevices>('/api/v1/devices')
          return devices[0]?.newest === '2013-12-30T23:00:00Z' && agent.rows() === 0
        },
        patienceMs,
      )
      expect((await agent.stop()).code).toBe(0)

      const audit = await collector.audit()
      expect(audit.code, audit.stdout + audit.stderr).toBe(0)
      const last = await collector.get<ApiLastAudit>('/api/v1/audit')
      expect(last.audit?.equal).toBe(true)
      for (const command of [['gaps'], ['sites', 'list', 'newark'], ['check'], ['doctor']]) {
        const { code, stdout, stderr } = await run([collectorProgram, ...command], collector.env)
        expect(code, `${command.join(' ')}: ${stdout}${stderr}`).toBe(0)
      }
      expect((await collector.stop()).code).toBe(0)

      const other = await createCollector({ folder })
      await other.start()
      await eventually('the same log is folded into a file', async () => {
        const { devices } = await other.get<ApiDevices>('/api/v1/devices')
        return devices[0]?.newest === '2013-12-30T23:00:00Z'
      })
      expect((await other.stop()).code).toBe(0)
      const inFile = comparableRollups(folder)
      expect(inFile.size).toBeGreaterThan(8_000)
      const inMongo = await windowsIn(url, 'newark')
      expect(inMongo.size).toBe(inFile.size)
      for (const [id, window] of inFile) expect(inMongo.get(id), id).toEqual(window)
    },
    2 * patienceMs,
  )
})

/** What holds, but for position, revision and set, which tell of the order of arrival and of rebuilds. */
async function windowsIn(url: string, device: string): Promise<Map<string, unknown>> {
  const store = await createMongoStore({ url, readOnly: true })
  const found = new Map<string, unknown>()
  const [current] = await Promise.all([0, 1, 2, 3].map((partition) => store.currentSets(partition))).then(
    (lists) => lists.flat().filter((one) => one.device === device),
  )
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = { device, set: current?.set ?? 0, limit: 1_000 }
    const page: Awaited<ReturnType<typeof store.windows>> = await store.windows(
      cursor === '' ? query : { ...query, cursor },
    )
    for (const { id: _, o: __, revision: ___, revisedAt: ____, set: _____, ...rest } of page.items)
      found.set(`${rest.device}/${rest.sensor}/${rest.level}/${rest.start}`, rest)
    cursor = page.cursor
  }
  await store.close()
  return found
}
