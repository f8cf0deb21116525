// `npm start`: the whole pipeline on embedded defaults, with three demo devices.
import { accessSync, constants, mkdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isTimeZone } from '@barograph/proto'
import { watchDevices } from './start/devices.ts'
import { type Place, placeAt, placeOf } from './start/place.ts'
import { freePort } from './start/ports.ts'
import { type Program, startProgram } from './start/processes.ts'
import { isOurs, readRunFile, removeRunFile, writeRunFile } from './start/run-file.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const say = (text: string): void => console.log(text)

const help = `npm start: the whole pipeline (collector with broker, log, store and page; three demo devices)

  npm start
  npm start -- --latitude 48.21 --longitude 16.36     where the device "home" stands
  BAROGRAPH_PORT=9000 npm start                       the page's port (8013; the next free one when it is busy)

Environment: BAROGRAPH_DATA (./data), BAROGRAPH_PORT (8013), BAROGRAPH_MQTT_PORT (1883)
Ctrl-C stops everything; the next start goes on where it was.`

class WrongUsage extends Error {}

function readPlace(args: string[]): Place {
  const options = {
    latitude: { type: 'string' },
    longitude: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const
  let values: { latitude?: string; longitude?: string; help?: boolean }
  try {
    values = parseArgs({ args, options }).values
  } catch (error) {
    throw new WrongUsage(`${error instanceof Error ? error.message : String(error)}\n\n${help}`)
  }
  if (values.help) {
    say(help)
    process.exit(0)
  }
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const timeZone = isTimeZone(zone) ? zone : 'UTC'
  if (values.latitude === undefined && values.longitude === undefined) return placeOf(timeZone)
  const latitude = degrees('--latitude', values.latitude, 90)
  return placeAt(latitude, degrees('--longitude', values.longitude, 180), timeZone)
}

function degrees(name: string, text: string | undefined, limit: number): number {
  const value = Number(text)
  if (text === undefined || text.trim() === '' || !(Math.abs(value) <= limit))
    throw new WrongUsage(
      `${name} ${text ?? 'is missing'}: degrees from -${limit} to ${limit}, both --latitude and --longitude`,
    )
  return value
}

function portOf(variable: string, preset: number): number {
  const text = process.env[variable]
  if (text === undefined || text === '') return preset
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new WrongUsage(`${variable}=${text}: a port is a whole number from 1 to 65535`)
  return port
}

function prepareFolder(path: string): string {
  const logs = join(path, 'logs')
  try {
    mkdirSync(logs, { recursive: true })
    accessSync(path, constants.W_OK)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new WrongUsage(`data folder ${path} cannot be written: ${why}\nBAROGRAPH_DATA names another one`)
  }
  return logs
}

async function choosePort(variable: string, preset: number, what: string): Promise<number> {
  const wanted = portOf(variable, preset)
  const port = await freePort(wanted)
  if (port !== wanted) say(`Port ${wanted} is busy: ${what} uses ${port}.`)
  return port
}

async function stopLeftovers(runFile: string): Promise<void> {
  const run = readRunFile(runFile)
  if (!run) return
  if (run.pid !== process.pid && isOurs(run.pid))
    throw new WrongUsage(
      `Barograph already runs on this data folder (process ${run.pid}): ${run.page}\nStop it with Ctrl-C, or name another folder with BAROGRAPH_DATA`,
    )
  const left = run.children.filter(isOurs)
  if (left.length === 0) return
  say(`Stopping what an earlier start left running (${left.join(', ')}) ...`)
  for (const pid of left) process.kill(pid, 'SIGTERM')
  for (let i = 0; i < 100 && left.some(isOurs); i++) await new Promise((done) => setTimeout(done, 100))
  for (const pid of left.filter(isOurs)) process.kill(pid, 'SIGKILL')
}

async function main(): Promise<void> {
  const place = readPlace(process.argv.slice(2))
  const data = resolve(process.env.BAROGRAPH_DATA ?? join(root, 'data'))
  const logsFolder = prepareFolder(data)
  const runFile = join(data, 'run.json')
  await stopLeftovers(runFile)
  const port = await choosePort('BAROGRAPH_PORT', 8013, 'the page')
  const mqttPort = await choosePort('BAROGRAPH_MQTT_PORT', 1883, 'MQTT')
  const page = `http://127.0.0.1:${port}`
  const broker = `mqtt://127.0.0.1:${mqttPort}`
  const programs: Program[] = []
  let isStopping = false

  const note = (): void =>
    writeRunFile(runFile, { pid: process.pid, page, children: programs.flatMap(({ pid }) => pid ?? []) })

  async function stop(code: number): Promise<void> {
    if (isStopping) return
    isStopping = true
    // Agents first: their last batches still reach the collector.
    const [collector, ...agents] = programs
    await Promise.all(agents.map((program) => program.stop()))
    await collector?.stop()
    removeRunFile(runFile)
    process.exit(code)
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (!isStopping) say('\nStopping; the next start goes on where it was ...')
      void stop(0)
    })

  programs.push(
    startProgram({
      name: 'collector',
      args: [join(root, 'collector/main.ts'), 'run'],
      env: {
        BAROGRAPH_BROKER_LISTEN: `127.0.0.1:${mqttPort}`,
        BAROGRAPH_SERVE_LISTEN: `127.0.0.1:${port}`,
        BAROGRAPH_LOG_URL: `sqlite:${join(data, 'log.db')}`,
        BAROGRAPH_STORE_URL: `sqlite:${join(data, 'store.db')}`,
      },
      logsFolder,
      started: note,
      ended(how, lastLines) {
        console.error(
          `The collector ended (${how}). Its last words, from ${join(logsFolder, 'collector.log')}:\n${lastLines}`,
        )
        void stop(1)
        return null
      },
    }),
  )
  if (!(await isReady(page))) {
    console.error(`The collector does not answer on ${page}. See ${join(logsFolder, 'collector.log')}`)
    return stop(1)
  }

  for (const device of ['home', 'greenhouse', 'newark-2013'])
    programs.push(
      startProgram({
        name: device,
        args: [join(root, 'agent/main.ts'), 'run', '--config', join(root, `agent/demo/${device}.yaml`)],
        env: {
          BAROGRAPH_UPLINK_URL: broker,
          BAROGRAPH_BUFFER_PATH: join(data, `${device}.db`),
          ...(device === 'home' ? siteOf(place) : {}),
        },
        logsFolder,
        started: note,
        ended(how, lastLines) {
          console.error(
            `Device ${device} ended (${how}), starting it again in 5 s. Its last words:\n${lastLines}`,
          )
          return 5_000
        },
      }),
    )

  const here = relative(process.cwd(), data) || '.'
  say(`
  Barograph is running

  Page          ${page}
  MQTT          ${broker}
  Data          ${here.startsWith('..') ? data : here} (logs in ${join(here.startsWith('..') ? data : here, 'logs')})

  home          the weather at ${place.name} (${place.latitude}, ${place.longitude}) from Open-Meteo, and its past 7 days
  greenhouse    a simulated BME280, each second
  newark-2013   Newark airport in 2013, a real year replayed

  Ctrl-C stops everything; the next start goes on where it was.
`)
  watchDevices({ page, say })
}

const siteOf = ({ name, latitude, longitude, timeZone }: Place): Record<string, string> => ({
  BAROGRAPH_SITE_NAME: name,
  BAROGRAPH_SITE_LATITUDE: String(latitude),
  BAROGRAPH_SITE_LONGITUDE: String(longitude),
  BAROGRAPH_SITE_TIMEZONE: timeZone,
})

async function isReady(page: string): Promise<boolean> {
  for (let i = 0; i < 300; i++) {
    const answer = await fetch(`${page}/healthz`).catch(() => null)
    if (answer?.ok) return true
    await new Promise((done) => setTimeout(done, 100))
  }
  return false
}

main().catch((error: unknown) => {
  if (!(error instanceof WrongUsage)) throw error
  console.error(error.message)
  process.exit(2)
})
