import * as z from 'zod'
import type { ApiReadiness } from '@barograph/proto/api'
import type { DeviceDocument } from '../../core/documents.ts'
import type { Context, MetricSample } from '../context.ts'
import type { GapFigures, GapWatch } from '../gap-watch.ts'
import { serveLimits } from '../limits.ts'
import type { LiveFigures } from '../live/hub.ts'
import type { PartitionProgress, Progress } from '../progress.ts'
import { writeMetrics } from '../prometheus.ts'
import { noParameters } from '../query.ts'
import { defineRoute, type Route } from '../route.ts'
import * as schemas from '../schemas.ts'
import { conflictWords, nowOf } from '../views/devices.ts'
import { readFleet } from '../views/latest.ts'
import { callerOrNobody } from './session.ts'

type Given = Context & { progress: Progress; gaps: GapWatch; live: () => LiveFigures }

/** The process is there, whatever its parts do. */
export const aliveRoute = ({
  version,
  now,
  startedAt,
}: Pick<Given, 'version' | 'now' | 'startedAt'>): Route =>
  defineRoute({
    path: '/healthz',
    needs: 'nothing',
    summary: 'The process answers',
    params: noParameters,
    query: noParameters,
    answer: schemas.health,
    handle: () => ({ status: 'ok' as const, version, uptimeMs: Math.max(0, now() - startedAt) }),
  })

/** What a supervisor, a load balancer and Prometheus ask. */
export function healthRoutes(context: Given): Route[] {
  const { now, progress, gaps, state, reach } = context
  return [
    aliveRoute(context),
    defineRoute({
      path: '/readyz',
      needs: 'nothing',
      summary: 'Every role works and every partition moves on',
      params: noParameters,
      query: noParameters,
      answer: schemas.readiness,
      statuses: { 503: 'Not ready; the checks say why' },
      answersItselfAt: [503],
      statusOf: ({ ready }) => (ready ? 200 : 503),
      description: 'Whoever is not signed in hears which part is not ready, not why, and of no device.',
      handle: async (_input, call) => {
        const isKnown = (await callerOrNobody(call)) !== null
        const readiness = readinessOf(
          state().roles,
          await lookOrFault(async () => ({
            partitions: await progress.look(),
            conflicts: (await gaps.look(now())).conflicts,
          })),
        )
        return isKnown ? readiness : { ...readiness, checks: readiness.checks.flatMap(forAnybody) }
      },
    }),
    defineRoute({
      path: '/metrics',
      needs: reach.openMetrics ? 'nothing' : 'viewer',
      summary: "Figures for Prometheus' text format",
      mediaType: 'text/plain; version=0.0.4; charset=utf-8',
      params: noParameters,
      query: noParameters,
      answer: z.string(),
      handle: async () => writeMetrics([...state().metrics, ...(await ownSamples(context))]),
    }),
  ]
}

interface Looked {
  readonly partitions: readonly PartitionProgress[]
  readonly conflicts: readonly DeviceDocument[]
}

/** Not being able to look is an answer too: the store or log is unreachable. */
async function lookOrFault(look: () => Promise<Looked>): Promise<Looked | string> {
  let timer: ReturnType<typeof setTimeout> | undefined
  // A server that hangs must not make whoever asks hang too.
  const hung = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${lookLimitMs / 1_000} s`), lookLimitMs)
  })
  try {
    return await Promise.race([look(), hung])
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}

/** What asks gives up after 5 to 10 s, as a rule. */
const lookLimitMs = 4_000

function readinessOf(roles: ReturnType<Context['state']>['roles'], looked: Looked | string): ApiReadiness {
  const checks = roles.map(({ role, ok, detail }) => ({ name: role, ok, detail }))
  if (typeof looked === 'string')
    checks.push({ name: 'log and store', ok: false, detail: `cannot be read: ${looked}` })
  else {
    for (const one of looked.partitions) checks.push(checkOf(one))
    // Ready it is: nothing is lost by it, and no restart of the collector ends it.
    for (const device of looked.conflicts.slice(0, conflictsShown))
      checks.push({ name: `device ${device.device}`, ok: true, detail: conflictWords(device) })
  }
  return { ready: checks.every(({ ok }) => ok), checks }
}

/** Addresses, paths and names of devices are for those who may read. */
export function forAnybody({ name, ok }: ApiReadiness['checks'][number]): ApiReadiness['checks'] {
  if (name.startsWith('device ')) return []
  return [{ name, ok, detail: ok ? 'works' : 'does not work; signed in, you see why' }]
}

const conflictsShown = 10

function checkOf({ partition, waiting, phase, stalled }: PartitionProgress) {
  const name = `partition ${partition}`
  if (phase !== null) return { name, ok: false, detail: `being rebuilt: ${phase}` }
  if (stalled)
    return {
      name,
      ok: false,
      detail: `${waitWords(waiting)} and none was folded for a minute: does roll run?`,
    }
  return { name, ok: true, detail: waiting === 0 ? 'all is folded' : waitWords(waiting) }
}

const waitWords = (count: number): string => (count === 1 ? '1 record waits' : `${count} records wait`)

async function ownSamples({
  store,
  deadLetters,
  progress,
  gaps,
  live,
  now,
  version,
}: Given): Promise<MetricSample[]> {
  const at = now()
  const fleet = await readFleet(store)
  const streams = fleet.flatMap(({ device, streams }) =>
    streams.map((stream) => ({ stream, own: nowOf(device, streams, at) })),
  )
  const lags = streams.slice(0, serveLimits.streamGauges).flatMap(({ stream, own }): MetricSample[] =>
    stream.largestTime === null
      ? []
      : [
          {
            name: 'barograph_stream_age_seconds',
            type: 'gauge',
            help: `Age of the newest reading by the device's now, of the first ${serveLimits.streamGauges} streams`,
            labels: { device: stream.device, sensor: stream.sensor },
            value: Math.max(0, own - stream.largestTime) / 1000,
          },
        ],
  )
  const refused = Object.entries(await deadLetters.counts())
  return [
    gauge('barograph_info', 'Version of the collector', 1, { version }),
    gauge('barograph_devices', 'Devices known', fleet.length),
    gauge(
      'barograph_devices_online',
      'Devices that are online',
      fleet.filter((one) => one.device.online).length,
    ),
    gauge('barograph_streams', 'Streams known', streams.length),
    counter(
      'barograph_late_records_total',
      'Records that changed a window after it was over',
      streams.reduce((sum, { stream }) => sum + stream.lateRecords, 0),
    ),
    counter(
      'barograph_late_readings_total',
      'Readings that came when a window of theirs was over',
      streams.reduce((sum, { stream }) => sum + (stream.lateReadings ?? 0), 0),
    ),
    counter(
      'barograph_revised_windows_total',
      'Windows of all levels that late readings changed, each once',
      streams.reduce((sum, { stream }) => sum + (stream.revisedWindows ?? 0), 0),
    ),
    ...gapSamples(await gaps.look(at), at),
    ...refused.map(([code, count]) =>
      counter('barograph_dead_letters_total', 'Messages refused, by code', count, { code }),
    ),
    ...(await progress.look()).flatMap(({ partition, waiting, position }) => [
      gauge(
        'barograph_partition_waiting_records',
        'Records logged and not folded yet',
        waiting,
        label(partition),
      ),
      gauge(
        'barograph_partition_position',
        'Offset up to which records are folded',
        position,
        label(partition),
      ),
    ]),
    ...liveSamples(live()),
    ...lags,
    gauge(
      'barograph_process_resident_memory_bytes',
      'Resident memory of the process',
      process.memoryUsage.rss(),
    ),
  ]
}

function gapSamples({ causes, healed, conflicts }: GapFigures, now: number): MetricSample[] {
  const byCause = Object.entries(causes)
  return [
    ...byCause.map(([cause, { gaps }]) =>
      gauge('barograph_gaps_open', 'Ranges of missing numbers that are open, by cause', gaps, { cause }),
    ),
    ...byCause.map(([cause, { missing }]) =>
      gauge('barograph_missing_numbers', 'Numbers that open gaps lack, by cause', missing, { cause }),
    ),
    ...byCause.map(([cause, { since }]) =>
      gauge(
        'barograph_oldest_gap_age_seconds',
        'Since the oldest open gap opened, by cause; 0: there is none',
        since === null ? 0 : Math.max(0, now - since) / 1000,
        { cause },
      ),
    ),
    counter('barograph_gaps_healed_total', 'Gaps that opened and healed', healed),
    gauge('barograph_device_conflicts', 'Devices that more than one agent runs as', conflicts.length),
  ]
}

const label = (partition: number) => ({ partition: String(partition) })

function liveSamples(live: LiveFigures): MetricSample[] {
  return [
    gauge('barograph_live_clients', 'WebSocket clients', live.clients),
    gauge('barograph_live_waiting_bytes', 'Bytes waiting for the slowest client', live.waitingBytes),
    counter('barograph_live_frames_total', 'Frames sent to WebSocket clients', live.frames),
    counter('barograph_live_skipped_total', 'Turns in which a slow client got no frame', live.skipped),
  ]
}

function gauge(name: string, help: string, value: number, labels?: Record<string, string>): MetricSample {
  return { name, help, value, type: 'gauge', ...(labels ? { labels } : {}) }
}

function counter(name: string, help: string, value: number, labels?: Record<string, string>): MetricSample {
  return { name, help, value, type: 'counter', ...(labels ? { labels } : {}) }
}
