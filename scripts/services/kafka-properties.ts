/** PEM texts. The key is PKCS#8 and not encrypted. */
export interface KafkaTls {
  readonly cert: string
  readonly key: string
  /** Clients have to show a certificate of this authority. */
  readonly clientCa?: string
}

/** Who may connect; without either: everybody. */
export interface KafkaAccess {
  readonly tls?: KafkaTls | undefined
  /** Passwords by name, for PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. Fixed when the folder is first used. */
  readonly users?: Readonly<Record<string, string>> | undefined
}

interface Doors extends KafkaAccess {
  readonly folder: string
  /** For clients. */
  readonly port: number
  /** For the broker itself; the same where everybody may connect. */
  readonly innerPort: number
  readonly controllerPort: number
}

/** The broker's settings. */
export const kafkaProperties = (doors: Doors): Record<string, string> => ({
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.voters': `1@127.0.0.1:${doors.controllerPort}`,
  'controller.listener.names': 'CONTROLLER',
  ...listeners(doors),
  ...tlsProperties(doors),
  ...userProperties(doors),
  'log.dirs': `${doors.folder}/data`,
  'auto.create.topics.enable': 'false',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '5',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '5',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  // A broker that was killed may register again only when its old session is over: 9 s by default.
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
})

const isOpen = ({ tls, users }: KafkaAccess): boolean => !tls && !users

function listeners(doors: Doors): Record<string, string> {
  const inner = `INNER://127.0.0.1:${doors.innerPort}`
  const outer = isOpen(doors) ? [] : [`CLIENT://127.0.0.1:${doors.port}`]
  return {
    listeners: [...outer, inner, `CONTROLLER://127.0.0.1:${doors.controllerPort}`].join(),
    'advertised.listeners': [...outer, inner].join(),
    'listener.security.protocol.map': `CLIENT:${protocolOf(doors)},INNER:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name': 'INNER',
  }
}

function protocolOf({ tls, users }: KafkaAccess): string {
  if (users) return tls ? 'SASL_SSL' : 'SASL_PLAINTEXT'
  return tls ? 'SSL' : 'PLAINTEXT'
}

function tlsProperties({ tls }: KafkaAccess): Record<string, string> {
  if (!tls) return {}
  const of = 'listener.name.client.ssl'
  return {
    [`${of}.keystore.type`]: 'PEM',
    [`${of}.keystore.certificate.chain`]: tls.cert,
    [`${of}.keystore.key`]: tls.key,
    ...(tls.clientCa
      ? {
          [`${of}.truststore.type`]: 'PEM',
          [`${of}.truststore.certificates`]: tls.clientCa,
          [`${of}.client.auth`]: 'required',
        }
      : {}),
  }
}

const scramMechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512']

function userProperties({ users }: KafkaAccess): Record<string, string> {
  if (!users) return {}
  const security = 'org.apache.kafka.common.security'
  const of = 'listener.name.client'
  const known = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`)
  const scram = scramMechanisms.map((mechanism) => [
    `${of}.${mechanism.toLowerCase()}.sasl.jaas.config`,
    `${security}.scram.ScramLoginModule required;`,
  ])
  return {
    [`${of}.sasl.enabled.mechanisms`]: ['PLAIN', ...scramMechanisms].join(),
    [`${of}.plain.sasl.jaas.config`]: `${security}.plain.PlainLoginModule required ${known.join(' ')};`,
    ...(Object.fromEntries(scram) as Record<string, string>),
  }
}

/** SCRAM keeps its users in the cluster's own records: they are written when its folder is formatted. */
export const scramArguments = (users: KafkaAccess['users']): string[] =>
  Object.entries(users ?? {}).flatMap(([name, password]) =>
    scramMechanisms.flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  )
