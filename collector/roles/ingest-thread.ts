import { withoutPassword } from '../config/place.ts'
import { createBridge } from '../core/bridge.ts'
import type { Ingest } from '../core/ingest.ts'
import { createReceipts } from '../core/receipts.ts'
import { createEndings } from '../devices/index.ts'
import { createBroker } from '../ingest/broker.ts'
import { createMqttClient } from '../ingest/mqtt-client.ts'
import { systemClock } from '../system-clock.ts'
import { bridgeClientId, readMqttAccess } from './mqtt-access.ts'
import { endingMetrics } from './ending-metrics.ts'
import { type DeviceGate, openDeviceGate } from './device-gate.ts'
import { bridgeMetrics } from './metrics.ts'
import { createOpeners } from './open.ts'
import { openPatiently } from './patience.ts'
import { type RunningRole, runThread, type Thread } from './thread.ts'

/** Broker and bridge: devices in, log and receipts out. */
async function startIngest(thread: Thread): Promise<RunningRole> {
  const { config, log: say, fail } = thread
  const openers = createOpeners(config)
  const patience = { clock: systemClock, log: say }
  const log = await openPatiently(openers.log, patience)
  const deadLetters = await openPatiently(openers.deadLetters, patience)
  const receipts = createReceipts({
    clock: systemClock,
    send: (topic, payload) => ingest.publish(topic, payload),
  })
  const bridge = createBridge({
    log,
    deadLetters,
    clock: systemClock,
    logged: receipts.logged,
    tellTime: receipts.time,
    report: (trouble) =>
      trouble === null
        ? say.info({}, 'the log has room again: messages are acknowledged')
        : say.error({}, `nothing is acknowledged until the log takes it: ${trouble}`),
    fail,
  })
  // Also of devices that come in through an outside broker: nobody else tells of their ends.
  const endings = createEndings({
    folder: config.devices.folder,
    clock: systemClock,
    report: (words) => say.warn({}, words),
  })
  let gate: DeviceGate | null = null
  let ingest: Ingest
  try {
    gate = config.broker ? await openDeviceGate(thread) : null
    ingest = await connectDevices(thread, bridge, gate)
  } catch (error) {
    endings.close()
    gate?.close()
    await deadLetters.close()
    await log.close()
    throw error
  }

  return {
    address: ingest.url,
    state() {
      const state = bridge.state()
      const outside = ingest.trouble()
      return {
        roles: [
          ...(config.broker
            ? [
                {
                  role: 'broker',
                  ok: !gate?.access?.trouble(),
                  detail: gate?.access?.trouble() ?? `${ingest.url}, ${ingest.connections()} connections`,
                },
              ]
            : []),
          {
            role: 'bridge',
            ok: state.trouble === null && outside === null,
            detail: state.trouble ?? outside ?? 'ok',
          },
        ],
        metrics: [
          ...bridgeMetrics(state, receipts.state(), ingest.connections()),
          ...(gate?.metrics() ?? []),
          ...endingMetrics(endings.state()),
        ],
      }
    },
    receive(message) {
      if (message.type === 'stored') receipts.stored(message.receipts)
    },
    async stop() {
      await ingest.close()
      endings.close()
      gate?.close()
      const drained = new AbortController()
      await Promise.race([
        bridge.drain().then(() => drained.abort()),
        systemClock.sleep(drainMs, drained.signal),
      ])
      await deadLetters.close()
      await log.close()
    },
  }
}

/** What was taken and is not durable after this time was never acknowledged: its sender sends it again. */
const drainMs = 2_000

async function connectDevices(
  { config, log: say, fail }: Thread,
  bridge: ReturnType<typeof createBridge>,
  gate: DeviceGate | null,
): Promise<Ingest> {
  const { broker, mqtt } = config
  if (broker)
    return createBroker({
      listen: broker.listen,
      accept: bridge.accept,
      refuse: bridge.refuse,
      isFull: bridge.isFull,
      access: gate?.access ?? null,
      tls: gate?.tls ?? null,
      ...(gate ? { turnedAway: gate.turnedAway } : {}),
      noticed: (words) => say.debug({}, words),
    })
  if (!mqtt) throw new Error('neither broker nor mqtt is configured')
  return createMqttClient({
    url: mqtt.url,
    clientId: bridgeClientId(mqtt),
    share: mqtt.share,
    access: readMqttAccess(mqtt),
    refused: fail,
    accept: bridge.accept,
    report: (trouble) =>
      trouble === null ? say.info({}, `connected to ${withoutPassword(mqtt.url)}`) : say.warn({}, trouble),
  })
}

runThread(startIngest)
