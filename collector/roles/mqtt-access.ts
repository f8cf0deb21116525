import { randomBytes } from 'node:crypto'
import type { MqttConfig } from '../config/mqtt.ts'
import type { MqttAccess } from '../ingest/mqtt-client.ts'
import { readPem, readSecret } from '../secret.ts'

/** Where no session is kept, nobody has to find it again: an id of its own for each run, so that none is taken over. */
const ofThisRun = (name: string): string => `barograph-${name}-${randomBytes(4).toString('hex')}`

/** Under its id the broker keeps the session of a bridge that is away; members of a group have none. */
export const bridgeClientId = ({ name, share }: MqttConfig): string =>
  share === null ? `barograph-${name}` : ofThisRun(name)

/** Of a program that rolls and only publishes. */
export const rollClientId = ({ name }: MqttConfig): string => ofThisRun(`${name}-roll`)

/** How we prove ourselves to an outside broker, read now. Throws `bad-config`. */
export const readMqttAccess = ({ username, password, ca, cert, key }: MqttConfig): MqttAccess => ({
  username,
  password: password === null ? null : readSecret(password, 'mqtt.password'),
  ca: pemAt(ca, 'mqtt.ca'),
  cert: pemAt(cert, 'mqtt.cert'),
  key: pemAt(key, 'mqtt.key'),
})

const pemAt = (path: string | null, key: string): string | null => (path === null ? null : readPem(path, key))
