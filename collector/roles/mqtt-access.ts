import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CodedError } from '@barograph/proto'
import type { MqttConfig } from '../config/mqtt.ts'
import type { MqttAccess } from '../ingest/mqtt-client.ts'
import { readSecret } from '../secret.ts'

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
  ca: readPem(ca, 'mqtt.ca'),
  cert: readPem(cert, 'mqtt.cert'),
  key: readPem(key, 'mqtt.key'),
})

function readPem(path: string | null, name: string): string | null {
  if (path === null) return null
  try {
    const text = readFileSync(path, 'utf8')
    if (text.includes('-----BEGIN ')) return text
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CodedError('bad-config', `${name}: ${path} cannot be read (${why}).`, {
      hint: 'Does it exist, and may this user read it?',
      cause,
    })
  }
  throw new CodedError('bad-config', `${name}: ${path} is no PEM file.`, {
    hint: 'It begins with -----BEGIN',
  })
}
