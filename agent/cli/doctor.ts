import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { CodedError, isCoded } from '@barograph/proto'
import type { AgentConfig } from '../config/load.ts'
import { silentLog } from '../core/log.ts'
import { createTimekeeper } from '../core/time/timekeeper.ts'
import { thisMachine } from '../machine.ts'
import { describeCredentials } from '../uplink/credentials.ts'
import { tryBroker } from '../uplink/try-broker.ts'
import { askOnce } from './once.ts'
import { checkSecrets, credentialsOf, openBuffer } from './parts.ts'
import { formatTable } from './table.ts'

interface Finding {
  readonly what: string
  readonly ok: boolean
  readonly detail: string
  readonly hint?: string | undefined
}

/** This program was not written before. */
const earliestSaneTime = Date.UTC(2025, 0, 1)
const fsyncTries = 10
/** Slower than this, a commit every 200 ms keeps the disk busy all the time. */
const slowFsyncMs = 100

/** Looks at everything an agent needs and prints what is not as it should be; true: all is well. */
export async function examine(config: AgentConfig, { json }: { json: boolean }): Promise<boolean> {
  const findings: Finding[] = [
    { what: 'configuration', ok: true, detail: config.file },
    await look('credentials', () => {
      checkSecrets(config)
      return describeCredentials(credentialsOf(config), Date.now())
    }),
    await look('clock', checkClock),
    await look('disk', () => checkDisk(config)),
    await look('buffer', () => checkBuffer(config)),
    await look('broker', () => checkBroker(config)),
    ...(await Promise.all(
      config.sensors.map((sensor) =>
        look(`sensor ${sensor.id}`, async () => {
          const { sample, tookMs } = await askOnce(config, sensor)
          if (sample.kind === 'fault') throw new CodedError(sample.code, sample.detail)
          return `${sample.kind === 'observations' ? 'answers' : 'answers, nothing new'} (${tookMs} ms)`
        }),
      ),
    )),
  ]
  if (json) console.log(JSON.stringify(findings, null, 2))
  else {
    const rows = findings.map(({ what, ok, detail }) => [ok ? 'ok' : 'NOT OK', what, detail])
    const [head = '', ...lines] = formatTable(['', 'what', 'finding'], rows).split('\n')
    console.log(head)
    lines.forEach((line, i) => {
      console.log(line)
      if (findings[i]?.hint) console.log(`        -> ${findings[i]?.hint}`)
    })
  }
  return findings.every(({ ok }) => ok)
}

async function look(what: string, check: () => string | Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, detail: await check() }
  } catch (error) {
    if (!isCoded(error)) throw error
    return { what, ok: false, detail: error.message, hint: error.hint }
  }
}

async function checkClock(): Promise<string> {
  const { clock, sync } = thisMachine(process.env)
  const now = new Date(clock.now())
  if (now.getTime() < earliestSaneTime)
    throw new CodedError('clock', `it is not ${now.toISOString()}`, {
      hint: 'let NTP set it: timedatectl set-ntp true; until then readings wait for the time of the collector',
    })
  switch (await sync.ask()) {
    case 'yes':
      return `${now.toISOString()}, and the system says that it is synchronised`
    case 'unknown':
      return `${now.toISOString()}; the system does not tell whether it is synchronised: the collector's time decides`
    case 'no':
      throw new CodedError('clock', `${now.toISOString()}, and the system says that it is not synchronised`, {
        hint: 'let NTP set it: timedatectl set-ntp true; until then readings wait for the time of the collector',
      })
  }
}

function checkDisk({ buffer }: AgentConfig): string {
  const probe = `${buffer.path}.probe`
  try {
    mkdirSync(dirname(buffer.path), { recursive: true })
    const file = openSync(probe, 'w')
    const began = performance.now()
    for (let i = 0; i < fsyncTries; i++) {
      writeSync(file, 'barograph')
      fsyncSync(file)
    }
    const eachMs = (performance.now() - began) / fsyncTries
    closeSync(file)
    const { bavail, bsize } = statfsSync(dirname(buffer.path))
    return judgeDisk(eachMs, (bavail * bsize) / 2 ** 20, buffer)
  } catch (error) {
    if (isCoded(error)) throw error
    throw new CodedError('disk', `${dirname(buffer.path)} cannot be written`, {
      hint: 'set buffer.path to a folder that this user may write',
      cause: error,
    })
  } finally {
    rmSync(probe, { force: true })
  }
}

function judgeDisk(eachMs: number, freeMb: number, buffer: AgentConfig['buffer']): string {
  const detail = `a commit takes ${eachMs.toFixed(1)} ms, ${Math.floor(freeMb)} MB are free`
  if (eachMs > slowFsyncMs && buffer.commitIntervalMs < 1_000)
    throw new CodedError('slow-disk', detail, {
      hint: 'set buffer.commitIntervalMs: 1000, as advised for SD cards',
    })
  if (freeMb < buffer.maxMb)
    throw new CodedError('small-disk', `${detail}, less than the buffer's ${buffer.maxMb} MB`, {
      hint: 'make room, or lower buffer.maxMb',
    })
  return detail
}

async function checkBuffer(config: AgentConfig): Promise<string> {
  if (!existsSync(config.buffer.path)) return `${config.buffer.path} will be made`
  try {
    // A look at the buffer must not vouch for the clock.
    const { clock, boot } = thisMachine(process.env)
    await openBuffer(config, {
      boot,
      clock: createTimekeeper({ clock, log: silentLog }),
      log: silentLog,
    }).close()
    return config.buffer.path
  } catch (error) {
    if (isCoded(error, 'buffer-in-use')) return `${config.buffer.path}, in use by a running agent`
    throw error
  }
}

async function checkBroker(config: AgentConfig): Promise<string> {
  const { device, uplink } = config
  await tryBroker({ device, url: uplink.url, ...credentialsOf(config) })
  return `${new URL(uplink.url).host} takes this device`
}
