import type { AgentConfig } from '../config/load.ts'
import { startAgent } from '../core/agent.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createTimekeeper } from '../core/time/timekeeper.ts'
import { thisMachine } from '../machine.ts'
import { endingWords, type UplinkCredentials } from '../uplink/credentials.ts'
import { createMqttUplink } from '../uplink/mqtt.ts'
import { makeSensor, openBuffer, credentialsOf } from './parts.ts'
import { agentVersion } from './version.ts'

/** Runs the agent until a signal says stop. Throws coded errors before anything is sampled. */
export async function runAgent(config: AgentConfig, log: Log): Promise<void> {
  const { device, site, uplink, primary } = config
  const credentials = credentialsOf(config)
  const { clock, boot, sync } = thisMachine(process.env)
  const keeper = createTimekeeper({ clock, log })
  // Before the first reading is stamped, so that on a machine whose clock is right nothing ever waits.
  await sync.ask()
  const sensors = config.sensors.map((configured) => ({
    id: configured.id,
    type: configured.type.type,
    intervalMs: configured.config.intervalMs,
    sensor: makeSensor(config, configured, keeper),
  }))
  const buffer = openBuffer(config, { boot, clock: keeper, log })
  const agent = startAgent({
    device,
    site,
    sensors,
    primary: Object.entries(primary).map(([metric, sensor]) => ({ metric, sensor })),
    shipping: uplink,
    buffer,
    uplink: createMqttUplink({ device, url: uplink.url, ...credentials, clock, random: Math.random }),
    clock,
    time: { keeper, system: sync.read },
    log,
    version: agentVersion,
  })
  const forget = watchEnd(credentials, clock, log)
  log.info({ device, sensors: sensors.map(({ id }) => id).join(' '), epoch: buffer.epoch }, 'running')
  const signal = await nextSignal()
  log.info({ signal }, 'stopping')
  forget()
  await agent.stop()
  log.info({}, 'stopped')
}

const dayMs = 86_400_000

/** Tells now and once a day that the certificate ends before long: an agent runs for years. */
function watchEnd(credentials: UplinkCredentials, clock: Clock, log: Log): () => void {
  const ending = endingWords(credentials, clock.now())
  if (ending) log.warn({}, ending)
  let cancel = clock.setTimer(dayMs, () => {
    cancel = watchEnd(credentials, clock, log)
  })
  return () => cancel()
}

function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
  })
}
