import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { upTopic } from '@barograph/proto'
import mqtt from 'mqtt'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Agent, createAgent } from './harness/agent.ts'
import { type Collector, createCollector } from './harness/collector.ts'
import { countStored } from './harness/documents.ts'
import { temporaryFolder } from './harness/folder.ts'
import { collectorProgram, type Ended, run } from './harness/process.ts'
import { eventually } from './harness/wait.ts'

const place = ['--site', 'Balcony', '--latitude', '40.69', '--longitude', '-74.17']

/** What a provisioning file says, read as a person would. */
interface Provisioning {
  readonly device: string
  readonly url: string
  readonly token: string
  readonly ca: string
  readonly key: string
}

function readProvisioning(path: string): Provisioning {
  const text = readFileSync(path, 'utf8')
  const line = (key: string): string => new RegExp(`^ *${key}: (\\S+)$`, 'm').exec(text)?.[1] ?? ''
  const block = (key: string): string =>
    (new RegExp(`^  ${key}: \\|\\n((?: {4}.*\\n)+)`, 'm').exec(text)?.[1] ?? '').replace(/^ {4}/gm, '')
  return {
    device: line('device'),
    url: line('url'),
    token: line('token'),
    ca: block('ca'),
    key: block('key'),
  }
}

/** A collector whose devices have to prove who they are, and what people type. */
async function openWorld(auth: 'token' | 'certificate') {
  const folder = temporaryFolder()
  const env = { BAROGRAPH_DEVICES_AUTH: auth, BAROGRAPH_BROKER_TLS: 'auto' }
  const collector = await createCollector({ folder, env })
  const devices = (...args: string[]): Promise<Ended> =>
    run([collectorProgram, 'devices', ...args], collector.env, folder)
  const provisioning = (file: string) => readProvisioning(join(folder, file))
  /** An agent with nothing of its own but sensors, that is told the rest by its provisioning file. */
  const agentOf = (file: string, name = 'agent'): Agent => {
    const yaml = `provision: ${file}\nsensors:\n  - { id: demo, type: simulated, intervalMs: 200, seed: 1 }\n`
    const { url } = provisioning(file)
    const agent = createAgent({ folder, name, yaml, broker: url })
    onTestFinished(() => agent.process().send('SIGKILL'))
    return agent
  }
  return { folder, collector, devices, provisioning, agentOf }
}

const stored = (collector: Collector) => countStored(collector.folder)

async function storesMore(collector: Collector): Promise<void> {
  const before = stored(collector)
  await eventually('readings arrive', () => stored(collector) > before + 3, 30_000)
}

describe.each(['token', 'certificate'] as const)('a device with a %s', (auth) => {
  test('is added, sends, is shut out within seconds when it is revoked, and loses nothing until it is let in again', async () => {
    const { folder, collector, devices, provisioning, agentOf } = await openWorld(auth)
    expect(await devices('add', 'balcony', ...place)).toMatchObject({ code: 0 })
    expect(statSync(join(folder, 'balcony.yaml')).mode & 0o777).toBe(0o600)
    expect(provisioning('balcony.yaml')).toMatchObject({
      device: 'balcony',
      url: collector.broker.replace('mqtt:', 'mqtts:'),
      ca: expect.stringContaining('BEGIN CERTIFICATE') as string,
    })
    await collector.start()
    const agent = agentOf('balcony.yaml')
    expect(await agent.run('doctor')).toMatchObject({ code: 0 })
    agent.start()
    await storesMore(collector)

    expect(await devices('revoke', 'balcony')).toMatchObject({ code: 0 })
    await eventually(
      'the agent knows it is shut out',
      () => /does not accept this device/.test(agent.process().stderr()),
      20_000,
    )
    expect(agent.process().isRunning()).toBe(true)
    const doctor = await agent.run('doctor')
    expect(doctor.code).toBe(1)
    expect(doctor.stdout).toMatch(/does not accept this device/)

    expect(await devices('add', 'balcony', '--out', 'again.yaml')).toMatchObject({ code: 0 })
    expect(await agent.stop()).toMatchObject({ code: 0 })
    const again = agentOf('again.yaml')
    again.start()
    await storesMore(collector)
    await again.stop()
    // Twice itself: a run's last rows may wait for the next one.
    const last = agentOf('again.yaml')
    last.start()
    await eventually('nothing waits', () => last.rows() < 5, 30_000)
    await last.stop()
    const audit = await collector.audit()
    expect(audit.stdout + audit.stderr).not.toMatch(/missing/)
    expect(audit.code).toBe(0)

    const list = await devices('list', '--json')
    const rows = list.stdout.trim().split('\n')
    expect(JSON.parse(rows[0] ?? '')).toMatchObject({
      device: 'balcony',
      auth,
      state: 'valid',
      lastSeen: expect.stringMatching(/^20/) as string,
      credentials: [{ revoked: expect.stringMatching(/^20/) as string }, { revoked: null }],
    })
    // No secret anywhere but in its file.
    const secrets = ['balcony.yaml', 'again.yaml'].map((file) => secretOf(provisioning(file)))
    const check = await agent.run('check')
    expect(check.code).toBe(0)
    const shown = [
      ...[check, doctor, list].flatMap(({ stdout, stderr }) => [stdout, stderr]),
      ...[agent, again, collector].flatMap((one) => [one.process().stdout(), one.process().stderr()]),
    ]
    for (const text of shown) for (const secret of secrets) expect(text).not.toContain(secret)
    expect(collector.process().stderr()).toMatch(/turned away: .*balcony/)
    const metrics = await (await fetch(`${collector.page}/metrics`)).text()
    expect(metrics).toMatch(/barograph_broker_turned_away_total\{code="(revoked|ended)"\} [1-9]/)
    expect(metrics).toMatch(/barograph_broker_certificate_end_timestamp_seconds \d{10}/)
  })
})

const secretOf = ({ token, key }: Provisioning): string => token || (key.split('\n')[1] ?? '')

test('an agent with the wrong authority, a foreign token or none says so in words and keeps its readings', async () => {
  const { folder, collector, devices, agentOf } = await openWorld('token')
  const other = await openWorld('token')
  await devices('add', 'balcony', ...place)
  await other.devices('add', 'balcony', ...place)
  await collector.start()
  const mine = readFileSync(join(folder, 'balcony.yaml'), 'utf8')
  const theirs = readFileSync(join(other.folder, 'balcony.yaml'), 'utf8')
  const ca = /  ca: \|\n(?: {4}.*\n)+/
  const token = /  token: .*\n/
  const cases: [string, string, RegExp][] = [
    [
      'ca',
      mine.replace(ca, ca.exec(theirs)?.[0] ?? ''),
      /shows a certificate that this device does not trust/,
    ],
    [
      'token',
      mine.replace(token, token.exec(theirs)?.[0] ?? ''),
      /does not accept this device's name and token/,
    ],
    ['none', mine.replace(token, ''), /asks for a token or certificate, and this device has none/],
  ]
  for (const [name, text, words] of cases) {
    writeFileSync(join(folder, `${name}.prov.yaml`), text)
    const agent = agentOf(`${name}.prov.yaml`, name)
    agent.start()
    await eventually(`words for ${name}`, () => words.test(agent.process().stderr()), 20_000)
    await eventually('readings are kept', () => agent.rows() > 3, 20_000)
    expect(await agent.stop()).toMatchObject({ code: 0 })
    const doctor = await agent.run('doctor')
    expect([doctor.code, words.test(doctor.stdout)]).toEqual([1, true])
  }
  expect(stored(collector)).toBe(0)
})

test('the ledger of an agent is complete whatever another device tries meanwhile', async () => {
  const { collector, devices, provisioning, agentOf } = await openWorld('token')
  await devices('add', 'balcony', ...place)
  await devices('add', 'mallory', ...place)
  await collector.start()
  const agent = agentOf('balcony.yaml')
  agent.start()
  await storesMore(collector)
  const { url, token, ca } = provisioning('mallory.yaml')
  const options = {
    protocolVersion: 4,
    reconnectPeriod: 0,
    ca,
    username: 'mallory',
    password: token,
  } as const
  for (let i = 0; i < 5; i++) {
    const mallory = await mqtt.connectAsync(url, { ...options, clientId: 'barograph-mallory' })
    mallory.on('error', () => undefined)
    for (const topic of ['balcony/up', 'balcony/status', 'balcony/down', 'mallory/down'])
      await mallory.publishAsync(`barograph/v1/${topic}`, Buffer.from([i]), { qos: 1, retain: true })
    await expect(mallory.subscribeAsync('#')).rejects.toThrow(/subscribe/i)
    await expect(mqtt.connectAsync(url, { ...options, clientId: 'barograph-balcony' })).rejects.toMatchObject(
      { code: 2 },
    )
    const closed = new Promise<void>((resolve) => mallory.once('close', () => resolve()))
    mallory.publish('barograph/v1/mallory/up', Buffer.alloc(400_000), { qos: 1 }, () => undefined)
    await closed
  }
  await storesMore(collector)
  await agent.stop()
  const accepted = agent.streams().reduce((sum, { lastSeq }) => sum + lastSeq, 0)
  expect(accepted).toBeGreaterThan(10)
  await eventually(
    'what the agent let go of is stored',
    () => stored(collector) >= accepted - agent.rows(),
    10_000,
  )
  expect(stored(collector)).toBeLessThanOrEqual(accepted)
  // Nobody threw it out.
  expect(
    agent
      .process()
      .stderr()
      .match(/connected to the broker/g),
  ).toHaveLength(1)
  const audit = await collector.audit()
  expect(audit.code).toBe(0)
  const letters = await run(
    [collectorProgram, 'dead-letters', 'list', '--json'],
    collector.env,
    collector.folder,
  )
  expect(letters.stdout.match(/"wrong-device"/g)).toHaveLength(10)
  expect(letters.stdout.match(/"wrong-topic"/g)).toHaveLength(10)
})

test('hundreds of guesses let nobody in, fill no log, and a device beside them is not kept waiting', async () => {
  const { collector, devices, provisioning } = await openWorld('token')
  await devices('add', 'balcony', ...place)
  await collector.start()
  const { url, token, ca } = provisioning('balcony.yaml')
  const options = {
    protocolVersion: 4,
    reconnectPeriod: 0,
    ca: ca,
    clientId: 'barograph-balcony',
  } as const
  const good = await mqtt.connectAsync(url, {
    ...options,
    username: 'balcony',
    password: token,
  })
  onTestFinished(() => good.endAsync(true))
  const guess = (i: number) =>
    mqtt
      .connectAsync(url, {
        ...options,
        clientId: `barograph-balcony.${i}`,
        username: 'balcony',
        password: `guess-${i}`,
      })
      .then(
        () => 'in',
        (error: { code?: number }) => String(error.code),
      )
  const guesses = 300
  const answers = new Set<string>()
  for (let i = 0; i < guesses; i += 20)
    for (const answer of await Promise.all(Array.from({ length: 20 }, (_, k) => guess(i + k))))
      answers.add(answer)
  expect([...answers].sort()).toEqual(['3', '4'])
  await good.publishAsync(upTopic('balcony'), Buffer.from([1]), { qos: 1 })
  expect(good.connected).toBe(true)
  expect(
    collector
      .process()
      .stderr()
      .match(/turned away/g)?.length ?? 0,
  ).toBeLessThan(20)
})

test.each([
  ['0.0.0.0:0', {}, /broker\.listen = .*devices: \{ auth: token \}/],
  [
    '127.0.0.1:0',
    { BAROGRAPH_DEVICES_AUTH: 'certificate', BAROGRAPH_BROKER_TLS: 'off' },
    /broker\.tls = "off"/,
  ],
])('a broker on %s with %j is refused with what to write', async (listen, env, words) => {
  const folder = temporaryFolder()
  const ended = await run([collectorProgram, 'run'], { ...env, BAROGRAPH_BROKER_LISTEN: listen }, folder)
  expect(ended.code).toBe(2)
  expect(ended.stderr).toMatch(words)
})

test('doctor says of a collector that runs whether devices can come in, and what ends soon', async () => {
  const { collector, devices } = await openWorld('certificate')
  const doctor = async () => {
    const { stdout } = await run([collectorProgram, 'doctor', '--json'], collector.env, collector.folder)
    const findings = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; ok: boolean; detail: string })
    return (name: string) => findings.find((one) => one.name === name)
  }
  expect((await doctor())('devices')).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/none was added/) as string,
  })
  await devices('add', 'balcony', ...place)
  await devices('add', 'cellar', ...place)
  await devices('revoke', 'cellar')
  await collector.start()
  const found = await doctor()
  expect(found('devices')).toMatchObject({ ok: true, detail: '1 of 2 may come in' })
  expect(found('broker')).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/answers already/) as string,
  })
  const list = await devices('list')
  expect(list.stdout).toMatch(/^balcony +certificate +until 20\d\d-/m)
  expect(list.stdout).toMatch(/^The authority that signs for them and for the broker is good until 20\d\d-/m)
  const metrics = await (await fetch(`${collector.page}/metrics`)).text()
  for (const whose of ['devices', 'authority', 'broker'])
    expect(metrics).toMatch(new RegExp(`^barograph_${whose}_certificate_end_timestamp_seconds \\d+`, 'm'))
})
