import { metricNameOf } from '@barograph/proto'
import type { DeviceDocument, StreamDocument } from './documents.ts'
import { metricNames } from './metric-names.ts'

interface Sensor {
  readonly id: string
  /** By key or by name. */
  readonly metrics: Readonly<Record<string, unknown>>
}

/** In the order of the device's configuration; streams that it does not name any more come last. */
export function sensorIds(
  device: Pick<DeviceDocument, 'sensors'>,
  streams: readonly Pick<StreamDocument, 'sensor'>[],
): string[] {
  return [...new Set([...device.sensors.map((one) => one.sensor), ...streams.map((one) => one.sensor)])]
}

/** The sensor that speaks for each metric: as the device says, and else the first that has it. */
export function primaryOf(
  device: Pick<DeviceDocument, 'primary'>,
  sensors: readonly Sensor[],
): Record<string, string> {
  const primary: Record<string, string> = {}
  const has = (id: string, metric: string) =>
    sensors.some(
      (one) => one.id === id && Object.keys(one.metrics).some((key) => metricNameOf(key) === metric),
    )
  for (const { metric, sensor } of device.primary) if (has(sensor, metric)) primary[metric] = sensor
  for (const { id, metrics } of sensors)
    for (const key of Object.keys(metrics)) primary[metricNameOf(key)] ??= id
  return primary
}

/** Where a device's values of a metric are: the stream of its primary sensor, and the metric's key there. */
export interface MetricPlace<S> {
  readonly stream: S
  readonly key: string
}

/** `metric`: a name, or a whole key where one name has several; null: the device has none of it. */
export function placeOfMetric<S extends Pick<StreamDocument, 'sensor' | 'metrics'>>(
  device: Pick<DeviceDocument, 'sensors' | 'primary'>,
  streams: readonly S[],
  metric: string,
): MetricPlace<S> | null {
  const sensors = sensorIds(device, streams).flatMap((id) => {
    const stream = streams.find((one) => one.sensor === id)
    return stream ? [{ id, metrics: stream.metrics }] : []
  })
  const id = primaryOf(device, sensors)[metricNameOf(metric)]
  const stream = streams.find(({ sensor }) => sensor === id)
  if (!stream) return null
  const keys = Object.keys(stream.metrics)
  const nameOf = metricNames(keys)
  const key = keys.find((one) => one === metric || nameOf(one) === metric)
  return key === undefined ? null : { stream, key }
}
