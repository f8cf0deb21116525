import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decodeBatch, decodeStatus, encodeReceipt, type Receipt } from '@barograph/proto'
import { until } from '../core/uplink-contract.ts'
import { startTinyBroker } from '../uplink/tiny-broker.ts'

const main = join(import.meta.dirname, '..', 'main.ts')
const config = `device: balcony
site: { latitude: 40.69, longitude: -74.17, timeZone: America/New_York }
uplink: { url: mqtt://127.0.0.1:1, token: do-not-show-me }
sensors:
  - { id: demo, type: simulated, intervalMs: 100, seed: 1 }
`

let folder: string
let children: ChildProcess[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'barograph-'))
  children = []
  writeFileSync(join(folder, 'agent.yaml'), config)
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

interface Result {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const start = (...args: string[]) => startWith({}, ...args)

function startWith(
  more: Record<string, string>,
  ...args: string[]
): { child: ChildProcess; ended: Promise<Result>; err(): string } {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('BAROGRAPH_')),
  )
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env: { ...environment, ...more } })
  children.push(child)
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk
  })
  const ended = new Promise<Result>((resolve) => child.once('close', (code) => resolve({ code, out, err })))
  return { child, ended, err: () => err }
}
const run = (...args: string[]): Promise<Result> => start(...args).ended

test('help shows the commands with examples, and the version is the package`s', async () => {
  const help = await run('--help')
  expect(help.code).toBe(0)
  for (const word of ['run', 'check', 'once', 'doctor', 'buffer', 'simulate', 'Examples:'])
    expect(help.out).toContain(word)
  const [long, short] = await Promise.all([run('--version'), run('version')])
  expect(long.out).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(short.out).toBe(long.out)
})

test('check prints the resolved configuration and hides secrets', async () => {
  const { code, out } = await run('check')
  expect(code).toBe(0)
  expect(out).toContain('commitIntervalMs: 200')
  expect(out).toContain('(hidden)')
  expect(out).not.toContain('do-not-show-me')
  const json = JSON.parse((await run('--config', 'agent.yaml', 'check', '--json')).out) as { device: string }
  expect(json.device).toBe('balcony')
})

test('a wrong configuration is one clear message and exit code 2, for every command that needs one', async () => {
  writeFileSync(join(folder, 'agent.yaml'), config.replace('40.69', '200'))
  const results = await Promise.all(['check', 'run', 'once', 'doctor'].map((command) => run(command)))
  for (const { code, out, err } of results) {
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toBe(
      'barograph-agent: agent.yaml:2: site.latitude = 200 is not allowed; allowed: a number from -90 to 90\n',
    )
  }
})

test('wrong usage is exit code 2 with a hint', async () => {
  const [word, option, buffer, alone] = await Promise.all([
    run('runn'),
    run('run', '--colour'),
    run('buffer'),
    run('--config', 'agent.yaml'),
  ])
  expect(alone).toMatchObject({ code: 2, err: expect.stringContaining('no command is named') })
  expect(word).toMatchObject({ code: 2, err: expect.stringContaining('runn') })
  expect(option).toMatchObject({ code: 2, err: expect.stringContaining('--colour') })
  expect(buffer).toMatchObject({ code: 2, err: expect.stringContaining('status, export') })
})

test('a folder that cannot be written is named with key, value and line', async () => {
  const { code, err } = await run('run', '--set', 'buffer.path=agent.yaml/below/buffer.db')
  expect(code).toBe(2)
  expect(err).toContain('--set buffer.path: buffer.path = "')
  expect(err).not.toContain('    at ')
})

test('once reads every sensor, and fails when one does', async () => {
  const good = await run('once')
  expect(good.code).toBe(0)
  expect(good.out).toMatch(/demo +temperature +-?\d+\.?\d* +degC/)
  const broken =
    '  - { id: gone, type: http, url: "http://127.0.0.1:1/", values: { temperature: { pointer: /t } } }\n'
  writeFileSync(join(folder, 'agent.yaml'), config + broken)
  const bad = await run('once', '--json')
  expect(bad.code).toBe(1)
  const lines = JSON.parse(bad.out) as { sensor: string; remark: string }[]
  expect(lines.find(({ sensor }) => sensor === 'gone')?.remark).toMatch(/^[a-z0-9-]+: /)
})

test('doctor tells what is not as it should be, and why', async () => {
  const { code, out } = await run('doctor', '--json')
  const findings = JSON.parse(out) as { what: string; ok: boolean; hint?: string }[]
  expect(code).toBe(1)
  expect(findings.filter(({ ok }) => !ok).map(({ what }) => what)).toEqual(['broker'])
  expect(findings.find(({ what }) => what === 'broker')?.hint).toContain('uplink.url')
})

test('run samples, sends, and stops cleanly: the stop entry is committed and the broker knows', async () => {
  const broker = await startTinyBroker()
  const agent = start('run', '--set', `uplink.url=${broker.url}`)
  const batches = () =>
    broker.publishes.filter(({ topic }) => topic.endsWith('/up')).map(({ payload }) => decodeBatch(payload))
  const say = (receipt: Partial<Receipt>): void =>
    broker.publish(
      'barograph/v1/balcony/down',
      encodeReceipt({ collectorTime: Date.now(), siteVersion: 0, streams: [], ...receipt }),
    )
  await until(() => batches().length > 0)
  expect(batches()[0]?.hello).not.toBe(null)
  say({ timeToken: batches()[0]?.timeToken })
  const site = () => batches().find((batch) => batch.site !== null)?.site
  await until(() => site() !== undefined)
  say({ siteVersion: site()?.version ?? 0 })
  await until(
    () =>
      batches()
        .flatMap(({ runs }) => runs)
        .reduce((sum, { times }) => sum + times.length, 0) > 5,
  )
  const { code: second, err: inUse } = await run('run', '--set', `uplink.url=${broker.url}`)
  expect(second).toBe(1)
  expect(inUse).toContain('another agent is using the buffer')
  agent.child.kill('SIGTERM')
  const { code } = await agent.ended
  expect(code).toBe(0)
  const marks = batches()
    .flatMap(({ runs }) => runs)
    .flatMap((one) => one.marks)
  expect(marks.map(({ kind }) => kind)).toEqual(['start', 'stop'])
  const statuses = broker.publishes.filter(({ topic }) => topic.endsWith('/status'))
  expect(statuses.at(-1)?.isLastWill).toBe(false)
  const last = decodeStatus(statuses.at(-1)?.payload ?? new Uint8Array())
  expect(last).toMatchObject({ online: false, state: 'stopped' })
  await broker.close()

  // Nothing was stored, so everything is still there.
  const status = JSON.parse((await run('buffer', 'status', '--json')).out) as { rows: number }
  expect(status.rows).toBe(last.sensors[0]?.accepted)
  const rows = (await run('buffer', 'export', '--format', 'jsonl')).out.trim().split('\n')
  const kinds = rows.map((row) => (JSON.parse(row) as { kind: string }).kind)
  expect([kinds[0], kinds.at(-1)]).toEqual(['start', 'stop'])
  const csv = await run('buffer', 'export', '--format', 'csv')
  expect(csv.out.split('\n')[0]).toBe('sensor,epoch,seq,time,kind,metric,value,unit,remark')
}, 30_000)

test('without a broker it samples all the same and stops at once', async () => {
  const agent = start('run')
  await until(() => agent.err().includes('nothing answers'))
  agent.child.kill('SIGINT')
  expect(await agent.ended).toMatchObject({ code: 0 })
}, 15_000)

test('a buffer that cannot be opened prints no row and leaves the file of --out alone', async () => {
  const out = join(folder, 'rows.csv')
  writeFileSync(out, 'of yesterday')
  const [printed, written] = await Promise.all([
    run('buffer', 'export', '--path', 'nothing.db'),
    run('buffer', 'export', '--path', 'nothing.db', '--out', out),
  ])
  for (const { code, out: said, err } of [printed, written]) {
    expect(code).toBe(1)
    expect(said).toBe('')
    expect(err).toContain('nothing.db cannot be opened')
  }
  expect(readFileSync(out, 'utf8')).toBe('of yesterday')
})

test('a broker address of the environment is checked as --url is', async () => {
  const { code, err } = await run('simulate', '--duration', '1s', '--url', 'foo')
  const fromEnvironment = await startWith({ BAROGRAPH_UPLINK_URL: 'foo' }, 'simulate', '--duration', '1s')
    .ended
  for (const said of [err, fromEnvironment.err]) expect(said).toContain('such as mqtt://127.0.0.1:1883')
  expect([code, fromEnvironment.code]).toEqual([2, 2])
  expect(fromEnvironment.err).toContain('BAROGRAPH_UPLINK_URL')
})
