import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCollector } from '../harness/collector.ts'
import { agentProgram, type Running, start } from '../harness/process.ts'
import { eventually, sleep } from '../harness/wait.ts'
import { needsKafka, needsMongodbToKill, needsMosquitto } from '../needs.ts'
import { bareProduceRate, bareReplaceRate } from './bare.ts'
import type { Bench, Row, Size } from './bench.ts'
import { type Engines, startEngines } from './engines-rig.ts'
import { type Taken, watchProcesses } from './processes.ts'
import { payloadsOf, sendAll, type Sending } from './sending.ts'

type Work = Omit<Sending, 'broker'>

interface Load {
  readonly rate: number
  readonly documents: number
  readonly bareDocuments: number
  readonly taken: readonly Taken[]
}

const pidsOf = ({ mosquitto, kafka, mongo }: Engines): Record<string, number> => ({
  Mosquitto: mosquitto.pid ?? 0,
  Kafka: kafka.pid ?? 0,
  'MongoDB stand-in': mongo.pid ?? 0,
})

async function loadEngines(engines: Engines, folder: string, work: Work): Promise<Load> {
  const name = `batch-${work.perBatch}`
  mkdirSync(join(folder, name))
  const collector = await engines.openCollector(name)
  await collector.start()
  const before = await engines.documentsWritten()
  const took = watchProcesses(pidsOf(engines), collector.process().pid)
  const seconds = await sendAll({ broker: collector.broker, ...work })
  const taken = took()
  const documents = ((await engines.documentsWritten()) - before) / seconds
  await collector.stop()
  // The ledger: nothing counts that is not in the store exactly once.
  const stored = await engines.countStored()
  const sent = work.streams * work.perStream
  if (stored !== sent) throw new Error(`sent ${sent} readings, stored ${stored}`)
  return {
    rate: sent / seconds,
    documents,
    bareDocuments: await bareReplaceRate(engines.client, name),
    taken,
  }
}

async function loadEmbedded(folder: string, work: Work): Promise<number> {
  const own = join(folder, `embedded-${work.perBatch}`)
  mkdirSync(own)
  const collector = await createCollector({ folder: own })
  await collector.start()
  const seconds = await sendAll({ broker: collector.broker, ...work })
  await collector.stop()
  return (work.streams * work.perStream) / seconds
}

/** One batch size: what came through, and what each process took of the machine for it. */
async function rowsOf(engines: Engines, folder: string, work: Work): Promise<Row[]> {
  const { perBatch } = work
  const embedded = await loadEmbedded(folder, work)
  const { rate, documents, bareDocuments, taken } = await loadEngines(engines, folder, work)
  const bareMessages = await bareProduceRate(engines.kafka.url, payloadsOf(work).flat())
  const readings = work.streams * work.perStream
  return [
    {
      what: `stored, ${perBatch} in a batch`,
      value: rate,
      unit: 'readings/s',
      against: { what: 'embedded parts, readings/s', value: embedded },
    },
    {
      what: `records into Kafka, ${perBatch} in a batch`,
      value: rate / perBatch,
      unit: 'records/s',
      against: { what: 'kafkajs alone, records/s', value: bareMessages },
    },
    {
      what: `documents written, ${perBatch} in a batch`,
      value: documents,
      unit: 'documents/s',
      against: { what: 'the driver alone, windows/s', value: bareDocuments },
    },
    ...taken.flatMap(({ name, cpuSeconds, rssMb }): Row[] => [
      {
        what: `${name}: CPU, ${perBatch} in a batch`,
        // One tick of the kernel's clock more than counted, so that no figure is 0.
        value: ((cpuSeconds + 0.01) * 1e6) / readings,
        unit: 's per million readings',
      },
      ...(rssMb === null
        ? []
        : [{ what: `${name}: peak memory, ${perBatch} in a batch`, value: rssMb, unit: 'MB RSS' }]),
    ]),
  ]
}

/** A fleet of simulated devices in one process, and what everything takes while it sends at its rate. */
async function rowsOfSteady(engines: Engines, folder: string, size: Size): Promise<Row[]> {
  const [devices, rate, seconds] = size === 'full' ? [50, 20, 45] : [5, 10, 2]
  mkdirSync(join(folder, 'steady'))
  const collector = await engines.openCollector('steady')
  await collector.start()
  const words = `simulate --devices ${devices} --rate ${rate} --seed 1 --duration ${seconds + 20}s --json`
  const fleet: Running = start([agentProgram, ...words.split(' '), '--url', engines.mosquitto.url])
  await eventually('the fleet is on its way', async () => (await engines.countStored()) > devices * rate)
  await sleep(size === 'full' ? 10_000 : 0)
  const took = watchProcesses({ ...pidsOf(engines), fleet: fleet.pid }, collector.process().pid)
  await sleep(seconds * 1_000)
  const taken = took()
  const { stdout } = await fleet.stop()
  await collector.stop()
  const { devices: ledger } = JSON.parse(stdout) as { devices: { accepted: number; stored: number }[] }
  for (const { accepted, stored } of ledger)
    if (accepted !== stored) throw new Error(`a device sent ${accepted} readings, ${stored} are stored`)
  return taken.map(({ name, cpuSeconds }) => ({
    what: `${name}: CPU at ${devices * rate} readings/s of ${devices} devices`,
    value: ((cpuSeconds + 0.01) * 100) / seconds,
    unit: '% of a core',
  }))
}

export const engines: Bench = {
  name: 'engines',
  title: 'Real engines: Mosquitto, Kafka with 4 partitions, the collector, a stand-in for MongoDB',
  notes:
    'Where the time goes, by `--cpu-prof` of the collector (14,400 readings, 60 in a batch, other programs beside it): three quarters of its work is in the roll thread. Of that about half is the driver of MongoDB and its sockets, 12 % the form of the documents (bson 7, ours 5), 7 % the fold, 7 % kafkajs. A fifth is in the serve thread, which asks MongoDB what is new four times a second though nobody looks, and follows Kafka; 1 % in the ingest thread. With one reading in a batch the shares are the same: documents are written once a second, however many records changed them. Beside the collector, most of the CPU is the stand-in for MongoDB, of which nothing follows for a real one.',
  needs: [needsMosquitto, needsKafka, needsMongodbToKill],
  async run(size: Size): Promise<Row[]> {
    const folder = mkdtempSync(join(tmpdir(), 'barograph-bench-'))
    const running = await startEngines(folder, { fast: size === 'full' })
    try {
      const streams = size === 'full' ? 200 : 20
      const rows = [
        ...(await rowsOf(running, folder, {
          streams,
          perBatch: 60,
          perStream: size === 'full' ? 300 : 60,
        })),
        ...(await rowsOf(running, folder, { streams, perBatch: 1, perStream: size === 'full' ? 30 : 5 })),
      ]
      return [...rows, ...(await rowsOfSteady(running, folder, size))]
    } finally {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
