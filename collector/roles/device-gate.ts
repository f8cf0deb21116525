import { isLoopback } from '@barograph/proto/config'
import type { Access, TlsSource } from '../core/access.ts'
import { createPacedWords } from '../core/paced-words.ts'
import { createAccess, createTlsSource, openRegistry, serverNames } from '../devices/index.ts'
import type { TurnedAway } from '../ingest/broker.ts'
import { systemClock } from '../system-clock.ts'
import { counter, gauge } from './metrics.ts'
import type { MetricSample } from './messages.ts'
import type { Thread } from './thread.ts'

/** Who may come in through the embedded broker, over what, and who was turned away. */
export interface DeviceGate {
  readonly access: Access | null
  readonly tls: { readonly source: TlsSource; readonly asksForCertificate: boolean } | null
  readonly turnedAway: (what: TurnedAway) => void
  metrics(): MetricSample[]
  close(): void
}

/** As the configuration says; `broker` is there. */
export async function openDeviceGate({
  config,
  log: say,
}: Pick<Thread, 'config' | 'log'>): Promise<DeviceGate> {
  const { broker, devices } = config
  const { auth, folder } = devices
  const counts = new Map<string, number>()
  const words = createPacedWords(systemClock, (code, text) => say.warn({ code }, `turned away: ${text}`))
  const source = broker?.tls
    ? await createTlsSource({
        folder,
        given: broker.tls === 'auto' ? null : broker.tls,
        names: () => serverNames(broker.listen, devices.url),
        clock: systemClock,
        report: (level, text) => say[level]({}, text),
      })
    : null
  if (broker && auth === 'token' && !source && !isLoopback(broker.listen))
    say.warn({}, 'broker.tls is off: whoever listens in on the network can read the tokens of devices')
  const access =
    auth === 'none' ? null : createAccess({ registry: openRegistry(folder), kind: auth, clock: systemClock })

  return {
    access,
    tls: source ? { source, asksForCertificate: auth === 'certificate' } : null,
    turnedAway({ code, words: text }) {
      counts.set(code, (counts.get(code) ?? 0) + 1)
      words.say(code, text)
    },
    metrics: () => [
      ...[...counts].map(([code, count]) =>
        counter('broker_turned_away_total', 'Logins, topics and connections turned away, by code.', count, {
          code,
        }),
      ),
      ...(source
        ? [
            gauge(
              'broker_certificate_end_timestamp_seconds',
              "When the broker's certificate ends.",
              source.endsMs() / 1_000,
            ),
          ]
        : []),
    ],
    close() {
      words.close()
      source?.close()
      access?.close()
    },
  }
}
