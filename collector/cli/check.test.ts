import { expect, test } from 'vitest'
import { formatYaml } from '@barograph/proto/config'
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../config/index.ts'
import { asWritten, placeWords } from './check.ts'

test.each([
  ['nothing', ''],
  ['lengths and sizes', 'log: { retention: 36h, maxMb: 10 }\nstore: { url: "sqlite:here.db", maxMb: 7 }'],
  [
    'an outside broker that several collectors share',
    'mqtt: { url: "mqtts://b:8883", share: all, username: me, password: "file:/run/pw", ca: /etc/ca.crt }',
  ],
  ['an outside broker', 'mqtt: { url: "mqtt://127.0.0.1:1884" }\nrollups: { levels: [hour, day] }'],
  [
    'who may read',
    'serve: { listen: 0.0.0.0:80, tokens: { viewer: "file:v" }, session: 12h, sessionKey: "file:k", prefix: /baro, ' +
      'origins: ["https://a.example"], trustedProxies: [10.0.0.0/8], openMetrics: true }',
  ],
  ['retention', 'retention: { raw: forever, 10s: 90s, year: 3650d }'],
])('what check prints of %s can be pasted, and means the same', (_name, text) => {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-'))
  try {
    const read = (words: string) => {
      writeFileSync(join(folder, 'collector.yaml'), words)
      return asWritten(readConfig({ env: {}, folder }))
    }
    const shown = read(text)
    expect(read(formatYaml(shown))).toEqual(shown)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.each([
  ['BAROGRAPH_MQTT_URL', 'mqtt://me:do-not-show-me@127.0.0.1:1884', 'mqtt://me:hidden@127.0.0.1:1884'],
  [
    'BAROGRAPH_STORE_URL',
    'mongodb://me:do-not-show-me@127.0.0.1:27017/barograph?authSource=admin',
    'mongodb://me:hidden@127.0.0.1:27017/barograph?authSource=admin',
  ],
])('check shows no password of %s, and what lies in files stays there', (name, url, shownUrl) => {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-'))
  try {
    for (const file of ['secret', 'viewer-token', 'key'])
      writeFileSync(join(folder, file), 'do-not-show-me'.repeat(3))
    const text = `
log: { url: "kafka://127.0.0.1:9092", kafka: { sasl: { mechanism: plain, username: me, password: "file:secret" } } }
serve: { tokens: { viewer: "file:viewer-token" }, sessionKey: "file:key" }
`
    writeFileSync(join(folder, 'collector.yaml'), text)
    const shown = formatYaml(asWritten(readConfig({ env: { [name]: url }, folder })))
    expect(shown).toContain(shownUrl)
    expect(shown).not.toContain('do-not-show-me')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('check of routes can be pasted, and tells which partitions are where', () => {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-'))
  try {
    const read = (words: string) => {
      writeFileSync(join(folder, 'collector.yaml'), words)
      return readConfig({ env: {}, folder })
    }
    const text =
      'log: { url: "kafka://k:1", partitions: 3, routes: [{ device: a-*, topic: a }, { device: b, topic: a }] }'
    const config = read(text)
    const lines = placeWords(config)
    expect(lines).toEqual([
      '# --partitions counts through all topics:',
      '#   0 to 2: barograph.readings',
      '#   3 to 5: a',
    ])
    const again = read([formatYaml(asWritten(config)), ...lines].join('\n'))
    expect(asWritten(again)).toEqual(asWritten(config))
    expect(again.log.kafka?.routes).toHaveLength(2)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
