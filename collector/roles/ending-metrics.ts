import type { EndingState } from '../devices/index.ts'
import type { MetricSample } from './messages.ts'
import { gauge } from './metrics.ts'

/** When what has to be made anew by hand ends; nothing is told of what is not there. */
export function endingMetrics({ first, soon, authorityEndsMs }: EndingState): MetricSample[] {
  return [
    ...(first
      ? [
          gauge(
            'devices_certificate_end_timestamp_seconds',
            "When the first of the devices' certificates ends, of each its last one.",
            first.endsMs / 1_000,
          ),
          gauge('devices_certificates_ending', 'Devices whose certificate ends before long.', soon),
        ]
      : []),
    ...(authorityEndsMs === null
      ? []
      : [
          gauge(
            'authority_certificate_end_timestamp_seconds',
            'When the certificate of the authority of devices ends.',
            authorityEndsMs / 1_000,
          ),
        ]),
  ]
}
