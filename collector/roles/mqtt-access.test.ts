import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { MqttConfig } from '../config/mqtt.ts'
import { bridgeClientId, readMqttAccess, rollClientId } from './mqtt-access.ts'

const open: MqttConfig = {
  url: 'mqtts://b:8883',
  name: 'one',
  share: null,
  username: null,
  password: null,
  ca: null,
  cert: null,
  key: null,
}

let folder = ''
beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), 'barograph-'))
  folder = made
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
})

test('a bridge is known by its name, members of a group and rolls by a name of their own for each run', () => {
  expect(bridgeClientId(open)).toBe('barograph-one')
  const member = () => bridgeClientId({ ...open, share: 'all' })
  expect(member()).toMatch(/^barograph-one-[0-9a-f]{8}$/)
  expect(member()).not.toBe(member())
  expect(rollClientId(open)).toMatch(/^barograph-one-roll-[0-9a-f]{8}$/)
})

test('what proves us is read from its files', () => {
  writeFileSync(join(folder, 'password'), 'swordfish\n')
  writeFileSync(join(folder, 'ca.crt'), '-----BEGIN CERTIFICATE-----\n')
  const config = { ...open, username: 'me', password: `file:${folder}/password`, ca: `${folder}/ca.crt` }
  expect(readMqttAccess(config)).toEqual({
    username: 'me',
    password: 'swordfish',
    ca: '-----BEGIN CERTIFICATE-----\n',
    cert: null,
    key: null,
  })
})

test('what cannot be read is named', () => {
  writeFileSync(join(folder, 'ca.crt'), 'swordfish')
  const read = (config: Partial<MqttConfig>) => () => readMqttAccess({ ...open, ...config })
  expect(read({ password: `file:${folder}/nothing` })).toThrow(/mqtt\.password: .*nothing cannot be read/)
  expect(read({ password: 'env:BAROGRAPH_TEST_NOT_SET' })).toThrow(/mqtt\.password: .* is empty or not set/)
  expect(read({ key: `${folder}/nothing` })).toThrow(/mqtt\.key: .*nothing cannot be read/)
  expect(read({ ca: `${folder}/ca.crt` })).toThrow(/mqtt\.ca: .*ca\.crt is no PEM file/)
})
