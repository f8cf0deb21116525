import type { FaultName } from '../../faults.ts'
import { type Engine, type Engines, engineList } from '../engines.ts'
import type { Weather } from '../proxy.ts'
import type { EngineFault, Fault, Scene } from './fault.ts'

/** How long it is away, and how long it stands still, ms. */
const awayMs = [0, 3_000] as const
const pauseMs = [1_000, 8_000] as const
const badMs = [1_000, 8_000] as const

type Span = readonly [number, number]

const engineFault = (fault: Omit<EngineFault, 'of' | 'shapes'>): EngineFault => ({
  of: 'engine',
  shapes: ['services'],
  ...fault,
})

async function killAndStart({ say, sleep, between }: Scene, engines: readonly Engine[]): Promise<void> {
  await Promise.all(engines.map(({ service }) => service.kill()))
  say(`${engines.map(({ name }) => name).join(', ')} killed`)
  await sleep(between(...awayMs))
  await Promise.all(engines.map(({ service }) => service.restart()))
}

type Which = (engines: Engines) => Engine

const killed = (name: FaultName, which: Which): EngineFault =>
  engineFault({ name, run: (scene, engines) => killAndStart(scene, [which(engines)]) })

const stands = (name: FaultName, which: Which, span: Span, isLong: boolean): EngineFault =>
  engineFault({
    name,
    ...(isLong ? { isLong } : {}),
    async run({ say, sleep, between }, engines) {
      const { name: engine, service } = which(engines)
      const ms = Math.round(between(...span))
      say(`${engine} stands still for ${ms} ms`)
      service.pause()
      await sleep(ms)
      service.resume()
    },
  })

/** On the way between all programs of the collector and one engine. */
const weather = (
  name: FaultName,
  which: Which,
  words: string,
  make: (scene: Scene) => Partial<Weather>,
): EngineFault =>
  engineFault({
    name,
    async run(scene, engines) {
      const { name: engine, proxy } = which(engines)
      const ms = Math.round(scene.between(...badMs))
      scene.say(`the way to ${engine} ${words} for ${ms} ms`)
      proxy.set(make(scene))
      await scene.sleep(ms)
      proxy.heal()
    },
  })

/**
 * `hungMs`: beyond what its clients wait for, so that they give up what it may do all the same: a client of MQTT 22 s, a
 * request to Kafka 10 s, a command to MongoDB 15 s.
 */
const faultsOf = <N extends 'mosquitto' | 'kafka' | 'mongodb', L extends 'mqtt' | 'kafka' | 'mongodb'>(
  engine: N,
  line: L,
  hungMs: Span,
): readonly EngineFault[] => {
  const which: Which = (engines) => engines[engine]
  return [
    killed(`${engine}-killed`, which),
    stands(`${engine}-paused`, which, pauseMs, false),
    stands(`${engine}-hung`, which, hungMs, true),
    weather(`${line}-cut`, which, 'is cut', () => ({ isCut: true })),
    weather(`${line}-half-open`, which, 'loses all bytes', () => ({ losesUp: true, losesDown: true })),
    weather(`${line}-delayed`, which, 'is slow', ({ between }) => ({ delayMs: between(20, 500) })),
  ]
}

export const engineFaults: readonly Fault[] = [
  ...faultsOf('mosquitto', 'mqtt', [23_000, 30_000]),
  ...faultsOf('kafka', 'kafka', [11_000, 16_000]),
  ...faultsOf('mongodb', 'mongodb', [16_000, 20_000]),
  engineFault({
    name: 'engines-killed',
    run: (scene, engines) => killAndStart(scene, engineList(engines)),
  }),
]
