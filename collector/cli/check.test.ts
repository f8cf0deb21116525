import { expect, test } from 'vitest'
import { formatYaml } from '@barograph/proto/config'
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../config/index.ts'
import { asWritten } from './check.ts'

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

test('check shows no password', () => {
  const env = { BAROGRAPH_MQTT_URL: 'mqtt://me:do-not-show-me@127.0.0.1:1884' }
  const shown = formatYaml(asWritten(readConfig({ env, folder: tmpdir() })))
  expect(shown).toContain('mqtt://me:hidden@127.0.0.1:1884')
  expect(shown).not.toContain('do-not-show-me')
})
