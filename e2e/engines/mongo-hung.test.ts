import { isCoded } from '@barograph/proto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../collector/core/store.ts'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import { at, deviceOf } from '../../collector/store/testing/documents.ts'
import type { Service } from '../../scripts/services/engine.ts'
import { createProxy, type Proxy } from '../chaos/proxy.ts'
import { eventually, sleep } from '../harness/wait.ts'
import { needsMongodbToKill } from '../needs.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

/** More than the network between two programs holds on its way. */
const documents = 400
const words = 'x'.repeat(50_000)
const hungMs = 5_000

const writeMuch = (store: Store): Promise<unknown> =>
  store.write(
    'devices',
    Array.from({ length: documents }, (_, i) => deviceOf(`device-${i}`, at(1), words)),
  )

describe.skipIf(!needsMongodbToKill.isMet)(
  `a MongoDB that fails in the middle of a large write ${needsMongodbToKill.title}`,
  () => {
    let server: MongoServer
    let service: Service
    beforeAll(async () => {
      server = await startMongoServer({ own: true })
      if (!server.service) throw new Error('a server that is not ours')
      service = server.service
    })
    afterAll(() => server?.stop())

    test.each<[string, (proxy: Proxy) => void]>([
      ['hangs', () => undefined],
      ['is cut off', (proxy) => proxy.set({ isCut: true })],
    ])(
      '%s: the write fails in words, and the next one is stored',
      async (_, cut) => {
        const proxy = await createProxy(service.port)
        onTestFinished(() => proxy.close())
        const url = server.freshUrl().replace(String(service.port), String(proxy.port))
        const store = await createMongoStore({ url, hungMs })
        onTestFinished(() => store.close())

        service.pause()
        onTestFinished(() => service.resume())
        const failed = writeMuch(store).catch((error: unknown) => error)
        await sleep(1_000)
        cut(proxy)
        const error = await failed
        expect(isCoded(error) && { code: error.code, retryable: error.retryable }, String(error)).toEqual({
          code: 'store-unreachable',
          retryable: true,
        })
        proxy.heal()
        service.resume()

        await eventually('a write is stored', async () => {
          await store.write('devices', [deviceOf('device-0', at(2), 'newer')])
          return true
        })
        const [device] = await store.read('devices', ['device-0'])
        expect(device).toMatchObject({ o: at(2), agentVersion: 'newer' })
      },
      120_000,
    )
  },
)
