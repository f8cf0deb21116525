import { onTestFinished, vi } from 'vitest'
import type { Accept, Ingest } from '../../collector/core/ingest.ts'
import { createMqttClient } from '../../collector/ingest/mqtt-client.ts'
import { type MosquittoOptions, startMosquitto } from '../../scripts/services/mosquitto.ts'
import type { Service } from '../../scripts/services/engine.ts'
import { temporaryFolder } from '../harness/folder.ts'

/** A limit for what hangs, and no measure. */
export const waitOptions = { timeout: 30_000, interval: 10 }

/** A Mosquitto that ends with the test. */
export async function openMosquitto(options: Partial<MosquittoOptions> = {}): Promise<Service> {
  const service = await startMosquitto({ folder: temporaryFolder(), ...options })
  onTestFinished(() => service.stop())
  return service
}

export interface TestBridge {
  readonly ingest: Ingest
  /** First byte of each message, in the order in which they were taken. */
  readonly taken: number[]
  /** What was said to people. */
  readonly reports: (string | null)[]
}

/** The collector's way in through an outside broker, once it has subscribed. */
export async function openBridge(
  url: string,
  {
    clientId = 'barograph-test',
    share = null,
    accept = async () => 'taken',
  }: { clientId?: string; share?: string | null; accept?: Accept } = {},
): Promise<TestBridge> {
  const taken: number[] = []
  const reports: (string | null)[] = []
  const ingest = createMqttClient({
    url,
    clientId,
    share,
    accept: (message) => {
      taken.push(message.payload[0] ?? -1)
      return accept(message)
    },
    report: (trouble) => reports.push(trouble),
  })
  onTestFinished(() => ingest.close())
  await untilConnected(ingest)
  return { ingest, taken, reports }
}

export const untilConnected = (ingest: Ingest): Promise<void> =>
  vi.waitFor(() => {
    if (ingest.trouble() !== null) throw new Error(ingest.trouble() ?? '')
  }, waitOptions)
