import type { FaultName } from '../faults.ts'
import { seeded } from '../harness/random.ts'
import { createDeck } from './deck.ts'
import { engineList } from './engines.ts'
import { type Fault, isIn, onTrial, type Scene } from './faults/fault.ts'
import { type Disturbance, judge, type Verdict, type Witness } from './judge/judge.ts'
import type { Shape } from './collectors.ts'
import { type Rig, startRig } from './rig.ts'
import type { Seat } from './seat.ts'

export interface ChaosOptions {
  readonly folder: string
  readonly seed: number
  readonly shape: Shape
  readonly devices: number
  readonly faults: readonly Fault[]
  /** Small disks can be mounted here. */
  readonly hasDisks: boolean
  /** Ends after so long, or after so many faults; it then waits until everything has arrived. */
  readonly until: { readonly ms: number } | { readonly faults: number }
  /** Longest rests between two faults of one device, of the collector, and of the engines. */
  readonly restMs: { readonly device: number; readonly collector: number; readonly engine: number }
  readonly say: (words: string) => void
  /** Ends it at once. */
  readonly signal: AbortSignal
}

/** One fault that happened. */
export interface Occurrence {
  readonly fault: FaultName
  /** Devices that it may have cost readings, windows, anything. */
  readonly devices: readonly string[]
  readonly from: number
  readonly to: number
}

export interface ChaosReport {
  readonly verdict: Verdict
  readonly occurrences: readonly Occurrence[]
  /** What must not be: a program that ended by itself, a buffer that did not empty, an audit that failed. */
  readonly complaints: readonly string[]
  readonly drainedMs: number
}

/** Everything has arrived by then, when nothing happens any more. */
const drainLimitMs = 240_000
/** Agents that still have rows after this are started again: a new connection asks what has become of them. */
const hurryMs = 45_000

/** Starts a rig, causes faults drawn from the seed, lets everything arrive, and judges it. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { folder, seed, shape, devices, hasDisks, signal } = options
  const complaints: string[] = []
  const started = Date.now()
  const say = (words: string): void =>
    options.say(`${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s  ${shape}: ${words}`)
  const complain = (words: string): void => {
    // Ctrl-C reaches every process of the terminal.
    if (signal.aborted) return
    complaints.push(words)
    say(`PROBLEM: ${words}`)
  }
  const mine = options.faults.filter(isIn(shape))
  const rig = await startRig({
    shape,
    folder,
    seed,
    devices,
    withDisks: hasDisks && mine.some(({ needsDisk }) => needsDisk),
    endedByItself: (name, words) => complain(`${name} ${words}`),
  })
  try {
    say(`${devices} devices and ${rig.programs.length} programs of the collector run`)
    const { occurrences, witnesses, disturbances } = await causeFaults(
      { ...options, faults: mine },
      rig,
      say,
      complain,
    )
    const drainedMs = await drain(rig, say, complain, signal)
    const lines = rig.ledger.lines()
    const zones = new Map(rig.seats.map(({ device, timeZone }) => [device, timeZone]))
    await stopAll(rig)
    // The marks of this last stop, at most: nothing was handed out any more.
    const onTheWay = rig.seats.flatMap((seat) => seat.look())
    const audit = await rig.command('audit')
    if (audit.code !== 0) complain(`the audit says:\n${audit.stdout}${audit.stderr}`)
    const verdict = judge({
      ledger: lines,
      store: await rig.content(),
      witnesses,
      onTheWay,
      disturbances,
      zoneOf: (stream) => zones.get(stream.split('/')[0] ?? '') ?? 'UTC',
    })
    return { verdict, occurrences, complaints, drainedMs }
  } finally {
    await rig.stop()
  }
}

interface Happened {
  readonly occurrences: Occurrence[]
  readonly witnesses: Witness[]
  readonly disturbances: Disturbance[]
}

/** Devices, the collector and the engines have their faults beside each other; each of them one after the other. */
async function causeFaults(
  { seed, until, restMs, faults: wanted, signal, hasDisks }: ChaosOptions,
  rig: Rig,
  say: (words: string) => void,
  complain: (words: string) => void,
): Promise<Happened> {
  const happened: Happened = { occurrences: [], witnesses: [], disturbances: [] }
  const ending = new AbortController()
  const isOver = AbortSignal.any([signal, ending.signal])
  const timer = 'ms' in until ? setTimeout(() => ending.abort(), until.ms) : null
  let begun = 0

  function mayBegin(): boolean {
    if (isOver.aborted) return false
    if ('faults' in until && begun >= until.faults) return false
    begun++
    return true
  }

  async function lane(number: number, of: Fault['of'], seat: Seat | null = null): Promise<void> {
    const random = seeded(seed * 1_000 + number)
    const between = (low: number, high: number): number => low + random() * (high - low)
    const sleep = (ms: number): Promise<void> => rest(ms, isOver)
    const scene: Scene = {
      rig,
      random,
      between,
      sleep,
      say,
      complain,
      witness(of, path) {
        const found = of.look(path)
        happened.witnesses.push(...found)
        return found
      },
    }
    const draw = createDeck(
      wanted.filter((fault) => fault.of === of && (!fault.needsDisk || hasDisks)),
      random,
    )
    for (;;) {
      const fault = draw()
      if (!fault || !mayBegin()) return
      await sleep(between(0, restMs[of]))
      if (isOver.aborted) return
      const from = Date.now()
      if (fault.of === 'device' && seat) await fault.run(scene, seat)
      if (fault.of === 'collector') await fault.run(scene)
      if (fault.of === 'engine' && rig.engines) await fault.run(scene, rig.engines)
      const to = Date.now()
      const devices = seat ? [seat.device] : rig.seats.map(({ device }) => device)
      happened.occurrences.push({ fault: fault.name, devices, from, to })
      if (seat) happened.disturbances.push({ device: seat.device, from, to })
    }
  }

  await Promise.all([
    ...rig.seats.map((seat, i) => lane(i + 1, 'device', seat)),
    lane(0, 'collector'),
    lane(rig.seats.length + 1, 'engine'),
  ])
  if (timer) clearTimeout(timer)
  signal.throwIfAborted()
  return happened
}

/** Nothing new, nothing bad any more: resolves when every buffer is empty. */
async function drain(
  rig: Rig,
  say: (words: string) => void,
  complain: (words: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const started = Date.now()
  rig.ledger.close()
  rig.broker?.heal()
  for (const { proxy } of [...rig.seats, ...(rig.engines ? engineList(rig.engines) : [])]) proxy.heal()
  let hurriedAt = started
  for (;;) {
    signal.throwIfAborted()
    const waiting = rig.seats.filter((seat) => seat.backlog() > 0)
    const passedMs = Date.now() - started
    if (waiting.length === 0) return passedMs
    const words = waiting.map((seat) => `${seat.device} has ${seat.backlog()} entries`).join(', ')
    if (passedMs > drainLimitMs) {
      complain(`after ${drainLimitMs / 1000} s without faults ${words}`)
      return passedMs
    }
    if (Date.now() - hurriedAt > hurryMs) {
      hurriedAt = Date.now()
      say(`${words}: started again, so that they ask`)
      for (const { program } of waiting)
        await onTrial(program, async () => {
          await program.stop()
          await program.start()
        })
    }
    await rest(500, signal)
  }
}

async function stopAll(rig: Rig): Promise<void> {
  for (const program of [...rig.seats.map((seat) => seat.program), ...rig.programs])
    await onTrial(program, () => program.stop())
}

/** Resolves after the time, or at once when the signal aborts. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish)
  })
}
