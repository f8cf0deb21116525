import type { AgentConfig } from '../config/load.ts'
import { startAgent } from '../core/agent.ts'
import type { Log } from '../core/log.ts'
import { systemClock } from '../system-clock.ts'
import { createMqttUplink } from '../uplink/mqtt.ts'
import { makeSensor, openBuffer, tokenOf } from './parts.ts'
import { agentVersion } from './version.ts'

/** Runs the agent until a signal says stop. Throws coded errors before anything is sampled. */
export async function runAgent(config: AgentConfig, log: Log): Promise<void> {
  const { device, site, uplink, primary } = config
  const token = tokenOf(config)
  const sensors = config.sensors.map((configured) => ({
    id: configured.id,
    type: configured.type.type,
    intervalMs: configured.config.intervalMs,
    sensor: makeSensor(config, configured),
  }))
  const buffer = openBuffer(config, log)
  const agent = startAgent({
    device,
    site,
    sensors,
    primary: Object.entries(primary).map(([metric, sensor]) => ({ metric, sensor })),
    shipping: uplink,
    buffer,
    uplink: createMqttUplink({ device, url: uplink.url, token, clock: systemClock, random: Math.random }),
    clock: systemClock,
    log,
    version: agentVersion,
  })
  log.info({ device, sensors: sensors.map(({ id }) => id).join(' '), epoch: buffer.epoch }, 'running')
  const signal = await nextSignal()
  log.info({ signal }, 'stopping')
  await agent.stop()
  log.info({}, 'stopped')
}

function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
  })
}
