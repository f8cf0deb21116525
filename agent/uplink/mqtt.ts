import { CodedError, downTopic, encodeStatus, offlineStatus, statusTopic, upTopic } from '@barograph/proto'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { createBackoff } from '../core/backoff.ts'
import type { Clock } from '../core/clock.ts'
import type { Uplink, UplinkListener } from '../core/uplink.ts'
import { keepPoolSmall } from './buffer-pool.ts'
import { describeConnectError } from './connect-error.ts'
import type { UplinkCredentials } from './credentials.ts'
import { createTakeoverWatch, nameTaken } from './takeover.ts'

export interface MqttUplinkOptions extends Partial<UplinkCredentials> {
  readonly device: string
  /** mqtt:// or mqtts:// */
  readonly url: string
  readonly clock: Clock
  readonly random: () => number
}

const shortestWaitMs = 500
const longestWaitMs = 30_000
/** A connection that held so long was a good one: the next wait is short again. */
const goodAfterMs = 10_000
const keepaliveS = 15
const connectTimeoutMs = 10_000

/** What a client of ours asks of mqtt.js: one connection, no memory. SQLite knows what has to be sent again. */
export function clientOptions({
  device,
  url,
  token = null,
  ca = null,
  cert = null,
  key = null,
}: Omit<MqttUplinkOptions, 'clock' | 'random'>): IClientOptions {
  const { username, password } = new URL(url)
  return {
    clientId: `barograph-${device}`,
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    keepalive: keepaliveS,
    connectTimeout: connectTimeoutMs,
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { cert, key }),
    ...(token === null ? {} : { username: device, password: token }),
    ...(token === null && username
      ? { username: decodeURIComponent(username), password: decodeURIComponent(password) }
      : {}),
    will: {
      topic: statusTopic(device),
      payload: Buffer.from(encodeStatus(offlineStatus)),
      qos: 1,
      retain: true,
    },
  }
}

/** The uplink over MQTT 3.1.1. Each connection is a client of its own, so that nothing of the last one comes again. */
export function createMqttUplink(options: MqttUplinkOptions): Uplink {
  keepPoolSmall()
  const { device, url, clock } = options
  const backoff = createBackoff({
    shortestMs: shortestWaitMs,
    longestMs: longestWaitMs,
    random: options.random,
  })
  const takeovers = createTakeoverWatch()
  let listener: UplinkListener | null = null
  let client: MqttClient | null = null
  let isUp = false
  let closed = false
  let cancelRetry: (() => void) | null = null
  let pending = new Set<(error: CodedError) => void>()

  function open(): void {
    const mine = connect(url, clientOptions(options))
    client = mine
    let reason: unknown = null
    let upAtMs: number | null = null
    mine.on('message', (topic, payload) => {
      if (mine === client && topic === downTopic(device)) listener?.received(payload)
    })
    mine.on('error', (error) => {
      reason ??= error
    })
    mine.on('connect', () => {
      mine.subscribe(downTopic(device), { qos: 1 }, (error, granted) => {
        if (mine !== client || closed) return
        if (error || granted?.some(({ qos }) => qos === 128)) {
          reason ??=
            error ??
            new CodedError('unauthorised', `the broker refuses to let ${device} read its receipts`, {
              retryable: true,
              hint: `it must be allowed to subscribe to ${downTopic(device)}`,
            })
          mine.end(true)
          return
        }
        isUp = true
        upAtMs = clock.monotonicMs()
        listener?.connected()
      })
    })
    mine.on('close', () => {
      if (mine !== client) return
      client = null
      isUp = false
      if (upAtMs !== null && clock.monotonicMs() - upAtMs >= goodAfterMs) backoff.reset()
      mine.end(true)
      const isTaken = takeovers.ended(clock.monotonicMs(), upAtMs !== null, reason)
      const error = isTaken ? nameTaken(device, url) : describeConnectError(reason, options)
      failPending(error)
      if (closed) return
      listener?.disconnected(error)
      cancelRetry = clock.setTimer(backoff.next(), open)
    })
  }

  function failPending(error: CodedError): void {
    const failed = pending
    pending = new Set()
    for (const reject of failed) reject(error)
  }

  function publish(topic: string, bytes: Uint8Array, retain: boolean): Promise<void> {
    const through = client
    if (!through || !isUp)
      return Promise.reject(
        new CodedError('offline', 'there is no connection to the broker', { retryable: true }),
      )
    return new Promise((resolve, reject) => {
      pending.add(reject)
      through.publish(topic, Buffer.from(bytes), { qos: 1, retain }, (error) => {
        pending.delete(reject)
        if (error) reject(describeConnectError(error, options))
        else resolve()
      })
    })
  }

  async function close(): Promise<void> {
    if (closed) return
    closed = true
    cancelRetry?.()
    isUp = false
    const last = client
    if (last) await new Promise<void>((resolve) => last.end(!last.connected, {}, () => resolve()))
    failPending(new CodedError('offline', 'the agent is stopping', { retryable: true }))
  }

  return {
    start(given) {
      listener = given
      open()
    },
    send: (bytes) => publish(upTopic(device), bytes, false),
    sendStatus: (bytes) => publish(statusTopic(device), bytes, true),
    close,
  }
}
