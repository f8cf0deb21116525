import * as z from 'zod'
import type { ApiReadiness } from '@barograph/proto/api'
import type { Context, MetricSample } from '../context.ts'
import { serveLimits } from '../limits.ts'
import type { LiveFigures } from '../live/hub.ts'
import type { PartitionProgress, Progress } from '../progress.ts'
import { writeMetrics } from '../prometheus.ts'
import { noParameters } from '../query.ts'
import { defineRoute, type Route } from '../route.ts'
import * as schemas from '../schemas.ts'
import { nowOf } from '../views/devices.ts'
import { readFleet } from './devices.ts'

type Given = Context & { progress: Progress; live: () => LiveFigures }

/** What a supervisor, a load balancer and Prometheus ask. */
export function healthRoutes(context: Given): Route[] {
  const { version, now, startedAt, progress, state } = context
  return [
    defineRoute({
      path: '/healthz',
      summary: 'The process answers',
      params: noParameters,
      query: noParameters,
      answer: schemas.health,
      handle: () => ({ status: 'ok' as const, version, uptimeMs: Math.max(0, now() - startedAt) }),
    }),
    defineRoute({
      path: '/readyz',
      summary: 'Every role works and every partition moves on',
      params: noParameters,
      query: noParameters,
      answer: schemas.readiness,
      statuses: { 503: 'Not ready; the checks say why' },
      answersItselfAt: [503],
      statusOf: ({ ready }) => (ready ? 200 : 503),
      handle: async () => readinessOf(state().roles, await lookOrFault(progress)),
    }),
    defineRoute({
      path: '/metrics',
      summary: "Figures for Prometheus' text format",
      mediaType: 'text/plain; version=0.0.4; charset=utf-8',
      params: noParameters,
      query: noParameters,
      answer: z.string(),
      handle: async () => writeMetrics([...state().metrics, ...(await ownSamples(context))]),
    }),
  ]
}

/** Not being able to look is an answer too: the store or log is unreachable. */
async function lookOrFault(progress: Progress): Promise<readonly PartitionProgress[] | string> {
  try {
    return await progress.look()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function readinessOf(
  roles: ReturnType<Context['state']>['roles'],
  partitions: readonly PartitionProgress[] | string,
): ApiReadiness {
  const checks = roles.map(({ role, ok, detail }) => ({ name: role, ok, detail }))
  if (typeof partitions === 'string')
    checks.push({ name: 'log and store', ok: false, detail: `cannot be read: ${partitions}` })
  else for (const one of partitions) checks.push(checkOf(one))
  return { ready: checks.every(({ ok }) => ok), checks }
}

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
