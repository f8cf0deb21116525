import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isCoded } from '@barograph/proto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readConfig } from './index.ts'

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

function problemOf(text: string, env: Record<string, string> = {}): string {
  try {
    readConfig({ env, folder: folderWith({ 'collector.yaml': text }) })
  } catch (error) {
    if (isCoded(error, 'bad-config')) return error.message
    throw error
  }
  return ''
}

describe('the configuration of the collector', () => {
  test('without a file is the embedded parts on loopback', () => {
    const folder = folderWith({})
    expect(readConfig({ env: {}, folder })).toMatchObject({
      defaultTimeZone: 'UTC',
      broker: { listen: { host: '127.0.0.1', port: 1883 }, tls: null },
      devices: { auth: 'none', folder: join(folder, 'data/devices'), url: null },
      mqtt: null,
      log: { url: `sqlite:${join(folder, 'data/log.db')}`, partitions: 4, retentionMs: 7 * 86_400_000 },
      store: { url: `sqlite:${join(folder, 'data/store.db')}` },
      serve: { listen: { host: '127.0.0.1', port: 8013 } },
      rollups: { flushIntervalMs: 1_000 },
    })
  })

  test('keeps raw readings and windows of a minute for 90 days, shorter ones for 7, and longer ones for ever', () => {
    const day = 86_400_000
    const { retention } = readConfig({ env: {}, folder: folderWith({}) })
    const forever = { hour: null, day: null, week: null, month: null, year: null }
    expect(retention).toEqual({ raw: 90 * day, '10s': 7 * day, '1m': 90 * day, ...forever })
    const folder = folderWith({ 'collector.yaml': 'retention: { raw: forever, 10s: 12h }' })
    const env = { BAROGRAPH_RETENTION_YEAR: '3650d' }
    expect(readConfig({ env, folder }).retention).toMatchObject({
      raw: null,
      '10s': day / 2,
      year: 3_650 * day,
    })
  })

  test('writes no files unless they are named, and then as seen from the file it stands in', () => {
    expect(readConfig({ env: {}, folder: folderWith({}) }).files).toEqual({
      stats: null,
      latest: null,
      parquet: null,
      everyMs: 2_000,
    })
    const folder = folderWith({
      'collector.yaml': 'files: { stats: data/stats, statsMetric: precipitation, everyMs: 500 }',
    })
    expect(readConfig({ env: {}, folder }).files).toEqual({
      stats: { folder: join(folder, 'data/stats'), metric: 'precipitation', of: 'daily-sum' },
      latest: null,
      parquet: null,
      everyMs: 500,
    })
    expect(problemOf('files: { stats: x, statsMetric: windDirection }')).toContain(
      'windDirection is a direction',
    )
    expect(problemOf('files: { stats: x, statsMetric: precipitation, statsOf: daily-mean }')).toContain(
      'precipitation is a total: it has no daily-mean',
    )
  })

  test('knows where the newest windows and Parquet go', () => {
    const folder = folderWith({
      'collector.yaml': 'files: { latest: data/latest.json, parquet: data/parquet }',
    })
    expect(readConfig({ env: {}, folder }).files).toEqual({
      stats: null,
      latest: join(folder, 'data/latest.json'),
      parquet: join(folder, 'data/parquet'),
      everyMs: 2_000,
    })
  })

  test('names files as seen from the file it stands in', () => {
    const folder = folderWith({
      'etc/my.yaml': 'log: { url: "sqlite:../log.db" }\nstore: { url: sqlite:/var/store.db }',
    })
    const config = readConfig({ file: 'etc/my.yaml', env: {}, folder })
    expect(config.log.url).toBe(`sqlite:${join(folder, 'log.db')}`)
    expect(config.store.url).toBe('sqlite:/var/store.db')
  })

  test('with an outside broker has no embedded one', () => {
    const folder = folderWith({ 'collector.yaml': 'mqtt: { url: mqtt://broker:1883 }' })
    expect(readConfig({ env: {}, folder })).toMatchObject({
      broker: null,
      mqtt: { url: 'mqtt://broker:1883' },
    })
  })

  test.each([
    ['devices: { auth: token }', null],
    ['devices: { auth: certificate }', 'auto'],
    ['broker: { listen: 0.0.0.0:8883 }\ndevices: { auth: token }', 'auto'],
    ['broker: { listen: 0.0.0.0:8883, tls: off }\ndevices: { auth: token }', null],
    ['broker: { tls: auto }', 'auto'],
    ['broker: { tls: { cert: a.crt, key: /etc/a.key } }', { cert: 'a.crt', key: '/etc/a.key', ca: null }],
  ])('with %j has the TLS that it needs', (text, tls) => {
    const folder = folderWith({ 'collector.yaml': text })
    const wanted = typeof tls === 'object' && tls !== null ? { ...tls, cert: join(folder, tls.cert) } : tls
    expect(readConfig({ env: {}, folder }).broker?.tls).toEqual(wanted)
  })

  test('keeps devices beside the store, or where it is told to', () => {
    const folder = folderWith({ 'collector.yaml': 'store: { url: sqlite:/var/b/store.db }' })
    expect(readConfig({ env: {}, folder }).devices.folder).toBe('/var/b/devices')
    const env = { BAROGRAPH_DEVICES_FOLDER: 'secret' }
    expect(readConfig({ env, folder }).devices.folder).toBe(join(folder, 'secret'))
  })

  test('can be handed to a thread', () => {
    const config = readConfig({ env: {}, folder: folderWith({}) })
    expect(structuredClone(config)).toEqual(config)
  })

  test('knows where the values stand that can only be tried', () => {
    const folder = folderWith({ 'collector.yaml': 'site: {}\nserve:\n  listen: 127.0.0.1:80\n' })
    const { written } = readConfig({ env: { BAROGRAPH_STORE_URL: 'sqlite:x.db' }, folder })
    expect(written['serve.listen']).toEqual({ place: 'collector.yaml:3', value: '127.0.0.1:80' })
    expect(written['store.url']).toEqual({ place: 'BAROGRAPH_STORE_URL', value: 'sqlite:x.db' })
  })

  test.each([
    ['log: { url: kafka://127.0.0.1 }', /log\.url = "kafka:.*sqlite:PATH.*kafka:\/\/host:port/],
    ['log: { kafka: {} }', /log\.kafka .*names no Kafka/],
    ['log: { routes: [{ device: plant-*, topic: plant }] }', /log\.routes .*names no Kafka/],
    [
      'log: { url: "kafka://k:1", routes: [{ device: plant-*, topic: barograph.dead-letter }] }',
      /log\.routes\W+0\W+topic .*messages that were refused/,
    ],
    ['log: { url: "kafka://k:1", routes: [{ device: "Plant A", topic: plant }] }', /an id of a device/],
    ['log: { url: "kafka://k:1", kafka: { tls: { cert: x.pem } } }', /one of cert and key/],
    [
      'log: { url: "kafka://k:1", kafka: { sasl: { mechanism: plain, username: u, password: p } } }',
      /password = \(hidden\).*file:PATH or env:NAME/,
    ],
    ['store: { url: mongodb://me:pass/w@rd@host }', /store\.url = "mongodb:\/\/me:hidden@host"/],
    ['store: { url: mongodb://127.0.0.1:27017 }', /store\.url = "mongodb:.*allowed: sqlite:PATH.*DATABASE/],
    ['log: { retention: 7 }', /log\.retention = 7 .*a duration such as 90d/],
    ['retention: { raw: never }', /retention\.raw = "never".*a duration such as 90d.*or forever/],
    ['retention: { decade: 1d }', /unknown key "retention\.decade"/],
    ['devices: { auth: maybe }', /devices\.auth = "maybe".*allowed: none.*token or certificate/],
    ['broker: { tls: on }', /broker\.tls = "on".*allowed: auto/],
    [
      'broker: { tls: off }\ndevices: { auth: certificate }',
      /broker\.tls = "off": certificates are shown over TLS/,
    ],
    [
      'broker: { listen: 0.0.0.0:1883 }',
      /broker\.listen = .*devices\.auth is none.*"devices: { auth: token }"/,
    ],
    [
      'serve: { listen: 192.168.1.5:80 }',
      /serve\.listen = .*nobody is asked for a token(.|\n)*tokens: \{ viewer: file:/,
    ],
    ['serve: { tokens: { viewer: swordfish } }', /serve\.tokens\.viewer = \(hidden\) .*file:PATH/],
    ['serve: { tokens: {} }', /serve\.tokens = \{\}: names no file/],
    ['serve: { prefix: barograph }', /serve\.prefix = "barograph" .*as in \/barograph/],
    ['serve: { prefix: /a/../b }', /serve\.prefix = /],
    ['serve: { origins: ["https://a.example/x"] }', /serve\.origins\[0\] = .*https:\/\/weather\.example/],
    ['serve: { trustedProxies: [10.0.0.0/33] }', /serve\.trustedProxies\[0\] = .*192\.0\.2\.0\/24/],
    ['serve: { sessionKey: swordfish }', /serve\.sessionKey = \(hidden\) .*at least 32 characters/],
    ['mqtt: { url: mqtt://me@x, username: you }', /mqtt\.username .*is there beside the one in mqtt\.url/],
    ['mqtt: { url: mqtt://x, password: file:p }', /mqtt\.password .*without mqtt\.username/],
    [
      'mqtt: { url: mqtt://x, username: me, password: swordfish }',
      /mqtt\.password = \(hidden\).*file:PATH or env:NAME/,
    ],
    ['mqtt: { url: mqtts://x, cert: a.crt }', /mqtt\.cert = .*is there alone/],
    ['mqtt: { url: mqtt://x, ca: a.crt }', /mqtt\.url .*speaks no TLS/],
    ['broker: {}\nmqtt: { url: mqtt://x }', /collector\.yaml:2: mqtt = .*beside broker/],
    ['rollups: { levels: [] }', /rollups\.levels = \[\].*10s, 1m/],
    ['alerts: []', /unknown key "alerts"/],
  ])('refuses %j with words', (text, words) => {
    expect(problemOf(text)).toMatch(words)
  })

  test('that is named and not there is an error', () => {
    const folder = folderWith({})
    expect(() => readConfig({ file: 'nope.yaml', env: {}, folder })).toThrow(/nope\.yaml: cannot be read/)
  })
})
