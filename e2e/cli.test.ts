import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeBatch, makeBatch, type Metric, metricByName, type Run, upTopic } from '@barograph/proto'
import type { ApiDeliveries } from '@barograph/proto/api'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { createAgent } from './harness/agent.ts'
import { type Collector, createCollector } from './harness/collector.ts'
import { connectDevice } from './harness/device.ts'
import { temporaryFolder } from './harness/folder.ts'
import { agentProgram, collectorProgram, run, start } from './harness/process.ts'
import { eventually } from './harness/wait.ts'

const temperature = metricByName('temperature') as Metric
const epoch = '00000000000000aa'
const begin = Date.parse('2026-03-01T12:00:00Z')

/** One reading for each value, a second apart. */
function readings(sensor: string, firstSeq: number, values: readonly number[]): Run {
  const columns = [{ metric: temperature, values: Float64Array.from(values), flags: null }]
  const times = Float64Array.from(values, (_, i) => begin + (firstSeq + i) * 1_000)
  return { sensor, epoch, intervalMs: 1_000, firstSeq, times, columns, marks: [] }
}

const yaml = `
device: balcony
site: { name: Balcony, latitude: 40.69, longitude: -74.17, altitudeM: 5, timeZone: America/New_York }
sensors:
  - { id: bme280, type: simulated, intervalMs: 100, seed: 1 }
`

describe('--help and --version', () => {
  test.each([
    [agentProgram, 'barograph-agent', ''],
    ...['run', 'check', 'once', 'doctor', 'buffer', 'buffer status', 'buffer export', 'simulate'].map(
      (command) => [agentProgram, 'barograph-agent', command],
    ),
    [collectorProgram, 'barograph-collector', ''],
    ...[
      'run',
      'check',
      'doctor',
      'tail',
      'audit',
      'dead-letters',
      'dead-letters list',
      'dead-letters show',
      'dead-letters replay',
      'gaps',
      'stats',
      'plot',
      'release',
    ].map((command) => [collectorProgram, 'barograph-collector', command]),
  ] as [string, string, string][])(
    '%$: %s %s %s --help explains itself with examples',
    async (program, name, command) => {
      const { code, stdout, stderr } = await run([program, ...command.split(' ').filter(Boolean), '--help'])
      expect(code).toBe(0)
      expect(stderr).toBe('')
      expect(stdout).toContain(`Usage: ${name} ${command}`.trim())
      const [, examples = ''] = stdout.split(/^Examples?:$/m, 2)
      expect(examples).toContain(`${name} ${command}`.trim())
    },
  )

  test.each([agentProgram, collectorProgram])('%s tells its version', async (program) => {
    const { version } = JSON.parse(readFileSync(join(program, '../package.json'), 'utf8')) as {
      version: string
    }
    for (const word of ['--version', 'version'])
      expect(await run([program, word])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('collector tail', () => {
  /** All that a consumer could disturb: positions in the store and in the log. */
  function positions(folder: string): unknown {
    const read = (file: string, sql: string): unknown => {
      const db = new Database(join(folder, file), { readonly: true })
      try {
        return db.prepare(sql).all()
      } finally {
        db.close()
      }
    }
    return [
      read('store.db', 'SELECT * FROM checkpoints ORDER BY partition'),
      read('log.db', 'SELECT * FROM partitions ORDER BY partition'),
    ]
  }

  const linesOf = (text: string): unknown[] =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown)

  test('prints decoded readings, one JSON line each, and disturbs nobody', { timeout: 300_000 }, async () => {
    const folder = temporaryFolder()
    const collector = await createCollector({ folder })
    await collector.start()
    const device = await connectDevice(collector.broker, 'balcony')
    const other = await connectDevice(collector.broker, 'cellar')
    await device.send(makeBatch('balcony', { runs: [readings('attic', 1, [20_125, -5_000])] }))
    await other.send(makeBatch('cellar', { runs: [readings('attic', 1, [1_000])] }))
    await device.untilStored('attic', epoch, 2)
    await other.untilStored('attic', epoch, 1)
    const before = positions(folder)
    const tail = (...args: string[]) => [collectorProgram, 'tail', ...args]

    const all = await run(tail('--from', 'beginning', '--no-follow'), collector.env)
    expect(all.code, all.stderr).toBe(0)
    expect(linesOf(all.stdout)).toHaveLength(3)
    const own = await run(tail('--from', 'beginning', '--no-follow', '--device', 'balcony'), collector.env)
    expect(linesOf(own.stdout)).toMatchObject([
      { device: 'balcony', sensor: 'attic', time: '2026-03-01T12:00:01Z', values: { temperature: 20.125 } },
      { device: 'balcony', sensor: 'attic', time: '2026-03-01T12:00:02Z', values: { temperature: -5 } },
    ])
    for (const line of linesOf(own.stdout))
      expect(line).toMatchObject({
        partition: expect.any(Number) as number,
        offset: expect.any(Number) as number,
      })

    const latest = start(tail('--device', 'balcony'), collector.env)
    // It says nothing before something new comes, so the new readings are sent until one is printed.
    let seq = 2
    await eventually('the next reading is printed', async () => {
      await device.send(makeBatch('balcony', { runs: [readings('attic', ++seq, [seq * 1_000])] }))
      return latest.stdout().includes('\n')
    })
    const [first] = linesOf(latest.stdout()) as { seq: number; values: unknown }[]
    expect(first?.seq, 'nothing older than its start').toBeGreaterThan(2)
    expect(first?.values).toEqual({ temperature: first?.seq })
    expect((await latest.stop()).code).toBe(0)

    await device.untilStored('attic', epoch, seq)
    const after = positions(folder)
    await run(tail('--from', 'beginning', '--no-follow'), collector.env)
    expect(positions(folder)).toEqual(after)
    expect(after).not.toEqual(before)
    const audit = await collector.audit()
    expect(audit.code, audit.stdout + audit.stderr).toBe(0)

    const begun = tail('--from', 'beginning', '--device', 'balcony')
    const limited = await run([...begun, '--limit', '1', '--human'], collector.env)
    expect([limited.code, limited.stderr]).toEqual([0, ''])
    expect(limited.stdout).toMatch(
      /^2026-03-01T12:00:01Z {2}balcony\/attic {2}temperature 20\.125 degC {2}\(partition \d, record \d+, number 1\)\n$/,
    )
    const timed = await run([...begun, '--for', '300ms'], collector.env)
    expect([timed.code, timed.stderr]).toEqual([0, ''])
    expect(linesOf(timed.stdout)).toHaveLength(seq)
    const far = await run(tail('--device', 'balcony', '--from', '9999'), collector.env)
    expect([far.code, far.stderr]).toEqual([
      2,
      expect.stringMatching(/--from 9999: partition \d holds records 0 to \d+\./) as string,
    ])
    await collector.stop()
  })
})

describe('collector gaps', () => {
  test('tells what is missing and why, and what healed', async () => {
    const folder = temporaryFolder()
    const collector = await createCollector({ folder })
    await collector.start()
    const gaps = (...args: string[]) => run([collectorProgram, 'gaps', ...args], collector.env)
    expect(await gaps()).toMatchObject({ code: 0, stdout: 'No gap.\n', stderr: '' })

    const device = await connectDevice(collector.broker, 'balcony')
    const one = (seq: number) => readings('attic', seq, [20_000])
    const [{ sensor, epoch }] = [one(1)]
    const stream = { sensor, epoch }
    await device.send(makeBatch('balcony', { runs: [one(1)] }))
    await device.send(makeBatch('balcony', { runs: [one(3)] }))
    await device.send(makeBatch('balcony', { runs: [one(2)] }))
    const lost = [{ ...stream, firstSeq: 4, lastSeq: 6, cause: 'buffer full' }]
    await device.send(makeBatch('balcony', { lost }))
    const rows = await eventually('both are told', async () => {
      const { stdout } = await gaps('--healed', '--json')
      const found = stdout.trim().split('\n').filter(Boolean)
      return found.length === 2 ? found.map((line) => JSON.parse(line) as object) : null
    })
    expect(rows).toEqual([
      expect.objectContaining({
        ...stream,
        firstSeq: 4,
        lastSeq: 6,
        words: 'declared lost: buffer full',
        healedAt: null,
      }),
      expect.objectContaining({
        ...stream,
        firstSeq: 2,
        lastSeq: 2,
        words: 'healed',
        healedAt: expect.any(String),
      }),
    ])
    const plain = await gaps('--device', 'balcony')
    expect(plain.stdout).toMatch(/^balcony\/attic  \w{16}  4 to 6 \(3\)  declared lost: buffer full  since /)
    expect(await gaps('--device', 'cellar')).toMatchObject({ code: 2, stdout: '' })
    await collector.stop()
  })
})

describe('collector dead-letters', () => {
  const letters = (collector: Collector, ...args: string[]) =>
    run([collectorProgram, 'dead-letters', ...args], collector.env)

  test('list and show tell what was refused and why; replay refuses again what is still wrong', async () => {
    const folder = temporaryFolder()
    const collector = await createCollector({ folder })
    await collector.start()
    const none = await letters(collector, 'list')
    expect(none).toMatchObject({ code: 0, stderr: '' })
    expect(none.stdout).toMatch(/no dead letters/i)

    const device = await connectDevice(collector.broker, 'balcony')
    const payload = encodeBatch(makeBatch('cellar', { runs: [readings('attic', 1, [20_000])] }))
    await device.sendBytes(upTopic('balcony'), payload)
    const listed = await eventually('it is listed', async () => {
      const { stdout } = await letters(collector, 'list', '--json')
      return stdout === '' ? null : stdout
    })
    const letter = JSON.parse(listed) as { id: number; reason: string }
    expect(letter).toMatchObject({ code: 'wrong-device', topic: upTopic('balcony'), bytes: payload.length })
    expect(letter.reason).toMatch(/cellar/)
    const plain = await letters(collector, 'list')
    expect(plain.stdout).toContain(letter.reason)

    const shown = await letters(collector, 'show', String(letter.id))
    expect(shown.code).toBe(0)
    expect(shown.stdout).toContain(letter.reason)
    expect(shown.stdout.replaceAll(/\s/g, '')).toContain(Buffer.from(payload).toString('hex'))
    const json = await letters(collector, 'show', String(letter.id), '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({ payload: Buffer.from(payload).toString('base64') })

    const again = await letters(collector, 'replay', String(letter.id))
    expect(again.code).toBe(1)
    expect(again.stdout + again.stderr).toContain('still refused')
    expect((await letters(collector, 'list')).stdout).toContain(letter.reason)

    const missing = await letters(collector, 'show', '999')
    expect(missing).toMatchObject({ code: 1, stdout: '' })
    expect(missing.stderr).toContain('999')
    await collector.stop()
  })

  test('replay takes what a stricter version once refused: it is stored, and no dead letter any more', async () => {
    const folder = temporaryFolder()
    const collector = await createCollector({ folder })
    await collector.start()
    await collector.stop()
    const value = encodeBatch(makeBatch('balcony', { runs: [readings('attic', 1, [20_000, 21_000])] }))
    const db = new Database(join(folder, 'log.db'))
    const { lastInsertRowid: id } = db
      .prepare(
        'INSERT INTO dead_letters (topic, device, ingest, code, reason, value) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(upTopic('balcony'), 'balcony', begin, 'too-strict', 'an older version did not know it', value)
    db.close()
    await collector.start()
    const replayed = await letters(collector, 'replay', String(id))
    expect(replayed.code, replayed.stdout + replayed.stderr).toBe(0)
    await eventually('it is stored', async () => {
      const { devices } = await collector.get<ApiDeliveries>('/api/v1/delivery')
      return devices.find(({ device }) => device === 'balcony')?.stored === 2
    })
    expect((await letters(collector, 'list')).stdout).toMatch(/no dead letters/i)
    const audit = await collector.audit()
    expect(audit.code, audit.stdout + audit.stderr).toBe(0)
    await collector.stop()
  })

  test('without a log there is one clear message', async () => {
    const folder = temporaryFolder()
    const collector = await createCollector({ folder })
    for (const args of [['list'], ['show', '1'], ['replay', '1']]) {
      const { code, stdout, stderr } = await letters(collector, ...args)
      expect(code).toBe(1)
      expect(stdout).toBe('')
      expect(stderr).toMatch(/log\.db/)
      expect(stderr).not.toMatch(/^\s+at /m)
    }
  })
})

describe('doctor', () => {
  test('of the collector finds all well, before its first start and while it runs', async () => {
    const folder = temporaryFolder()
    const collector = await createCollector({ folder })
    const before = await run([collectorProgram, 'doctor'], collector.env)
    expect(before.code, before.stdout + before.stderr).toBe(0)
    await collector.start()
    const during = await run([collectorProgram, 'doctor'], collector.env)
    expect(during.code, during.stdout + during.stderr).toBe(0)
    expect(during.stdout).toMatch(/broker/)
    expect(during.stdout).toMatch(/store\.db/)
    await collector.stop()
  })

  test('of the agent says ok with a collector, and names the broker with a hint without one', async () => {
    const folder = temporaryFolder()
    const collector = await createCollector({ folder })
    const agent = createAgent({ folder, name: 'balcony', yaml, broker: collector.broker })
    const without = await agent.run('doctor')
    expect(without.code).toBe(1)
    expect(without.stdout).toMatch(/NOT OK +broker .*\n +-> \S/)
    expect(without.stdout.match(/NOT OK/g)).toHaveLength(1)
    await collector.start()
    const within = await agent.run('doctor')
    expect(within.code, within.stdout).toBe(0)
    expect(within.stdout).toMatch(/ok +broker/)
    expect(within.stdout).toMatch(/ok +sensor bme280/)
    await collector.stop()
  })
})

describe('the agent without a collector', () => {
  test('buffer status and export read along while it runs, and disturb nothing', async () => {
    const folder = temporaryFolder()
    const agent = createAgent({ folder, name: 'balcony', yaml, broker: 'mqtt://127.0.0.1:1' })
    agent.start()
    await eventually('some readings wait', () => agent.rows() >= 10)

    const status = await agent.run('buffer', 'status')
    expect(status).toMatchObject({ code: 0, stderr: '' })
    expect(status.stdout).toMatch(/bme280/)
    const json = await agent.run('buffer', 'status', '--json')
    const report = JSON.parse(json.stdout) as { device: string; rows: number; streams: { rows: number }[] }
    expect(report.device).toBe('balcony')
    expect(report.rows).toBeGreaterThanOrEqual(10)

    const csv = await agent.run('buffer', 'export')
    expect(csv.code).toBe(0)
    const [head, ...rows] = csv.stdout.trim().split('\n')
    expect(head).toBe('sensor,epoch,seq,time,kind,metric,value,unit,remark')
    expect(rows.filter((row) => row.includes(',reading,temperature,')).length).toBeGreaterThanOrEqual(9)
    const out = join(folder, 'rows.jsonl')
    expect((await agent.run('buffer', 'export', '--format', 'jsonl', '--out', out)).code).toBe(0)
    const lines = readFileSync(out, 'utf8').trim().split('\n')
    const numbers = new Set(lines.map((line) => (JSON.parse(line) as { seq: number }).seq))
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from(numbers, (_, i) => i + 1))

    const count = agent.rows()
    await eventually('it goes on', () => agent.rows() > count + 3)
    expect((await agent.stop()).code).toBe(0)
    const [stream] = agent.streams()
    expect(stream?.rows, 'every row is still there').toEqual([1, stream?.lastSeq])
  })

  test('buffer status of a file that is not there, or is no buffer, is one clear message', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'notes.txt')
    writeFileSync(file, 'this is no database, but long enough to look like one: '.repeat(100))
    for (const path of [join(folder, 'nowhere.db'), file]) {
      const { code, stdout, stderr } = await run([agentProgram, 'buffer', 'status', '--path', path])
      expect(code).toBe(1)
      expect(stdout).toBe('')
      expect(stderr).toContain(path)
      expect(stderr).not.toMatch(/^\s+at |SqliteError/m)
    }
  })

  test('once reads every sensor and prints a table, or JSON', async () => {
    const folder = temporaryFolder()
    const agent = createAgent({ folder, name: 'balcony', yaml, broker: 'mqtt://127.0.0.1:1' })
    const table = await agent.run('once')
    expect(table.code).toBe(0)
    for (const line of [
      /^sensor +metric +value +unit/,
      /^bme280 +temperature +-?\d/m,
      /^bme280 +humidity +\d/m,
    ])
      expect(table.stdout).toMatch(line)
    const json = JSON.parse((await agent.run('once', '--json')).stdout) as {
      sensor: string
      metric: string
    }[]
    expect(json.map(({ sensor, metric }) => `${sensor} ${metric}`)).toEqual([
      'bme280 temperature',
      'bme280 humidity',
      'bme280 pressure',
    ])
  })
})
