import { readPem, readSecret } from '../../secret.ts'
import type { KafkaPlace } from './place.ts'

/** As `KafkaPlace`, but with paths of PEM files and a reference to the password. */
export interface KafkaAddress {
  readonly brokers: readonly string[]
  readonly tls: {
    readonly ca: string | null
    readonly cert: string | null
    readonly key: string | null
  } | null
  readonly sasl: NonNullable<KafkaPlace['sasl']> | null | undefined
}

/** Reads the files and the secret that the address names. Throws `bad-config`. */
export function placeOf({ brokers, tls, sasl }: KafkaAddress): KafkaPlace {
  return {
    brokers,
    tls: tls
      ? Object.fromEntries(
          Object.entries(tls).flatMap(([name, path]) =>
            path === null ? [] : [[name, readPem(path, `log.kafka.tls.${name}`)]],
          ),
        )
      : null,
    sasl: sasl ? { ...sasl, password: readSecret(sasl.password, 'log.kafka.sasl.password') } : null,
  }
}
