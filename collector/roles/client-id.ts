import { randomBytes } from 'node:crypto'
import type { MqttConfig } from '../config/mqtt.ts'

/** Where no session is kept, nobody has to find it again: an id of its own for each run, so that none is taken over. */
const ofThisRun = (name: string): string => `barograph-${name}-${randomBytes(4).toString('hex')}`

/** Under its id the broker keeps the session of a bridge that is away; members of a group have none. */
export const bridgeClientId = ({ name, share }: MqttConfig): string =>
  share === null ? `barograph-${name}` : ofThisRun(name)

/** Of a program that rolls and only publishes. */
export const rollClientId = ({ name }: MqttConfig): string => ofThisRun(`${name}-roll`)
