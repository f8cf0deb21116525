import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openAuthority } from '../../collector/devices/index.ts'
import { createKafkaLog } from '../../collector/log/kafka/log.ts'
import type { KafkaPlace } from '../../collector/log/kafka/place.ts'
import { recordOf } from '../../collector/log/testing/records.ts'
import { needsKafka } from '../needs.ts'
import { logAt, useKafka } from './kafka-rig.ts'

const folder = mkdtempSync(join(tmpdir(), 'barograph-authority-'))
const authority = await openAuthority(join(folder, 'ours'), Date.now())
const stranger = await openAuthority(join(folder, 'strange'), Date.now())
const server = await authority.issueServer(['127.0.0.1'], Date.now())
const { cert, key } = await authority.issueDevice('collector', Date.now())
const tls = { ca: authority.cert, cert, key }
const login = { mechanism: 'scram-sha-512', username: 'barograph', password: 'swordfish' } as const

describe.skipIf(!needsKafka.isMet)(`a Kafka that asks who we are ${needsKafka.title}`, () => {
  const kafka = useKafka({
    tls: { cert: server.cert, key: server.key, clientCa: authority.cert },
    users: { [login.username]: login.password },
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const open = (access: Pick<KafkaPlace, 'tls' | 'sasl'>) =>
    createKafkaLog(logAt(kafka(), { place: { brokers: [`127.0.0.1:${kafka().port}`], ...access } }))

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'lets us in by %s over TLS with a certificate of ours',
    async (mechanism) => {
      const log = await open({ tls, sasl: { ...login, mechanism } })
      const [place] = await log.append([recordOf('device-0', 7)])
      expect(await log.read(place?.partition ?? -1, 0, 9)).toMatchObject([recordOf('device-0', 7)])
      await log.close()
    },
  )

  test.each<[string, Pick<KafkaPlace, 'tls' | 'sasl'>, string]>([
    ['a wrong password', { tls, sasl: { ...login, password: 'tigershark' } }, 'log-login'],
    ['a user it does not know', { tls, sasl: { ...login, username: 'nobody' } }, 'log-login'],
    ['no certificate of ours', { tls: { ca: authority.cert }, sasl: login }, 'log-tls'],
    ['another authority than its own', { tls: { ...tls, ca: stranger.cert }, sasl: login }, 'log-tls'],
  ])('%s is one sentence, and no secret is in it', async (_, access, code) => {
    const refusal = await open(access).then(
      () => null,
      (error: unknown) => error as Error & { code: string; retryable: boolean; hint: string },
    )
    expect(refusal).toMatchObject({ code, retryable: false })
    expect(`${refusal?.message} ${refusal?.hint}`).not.toMatch(/swordfish|tigershark|PRIVATE KEY/)
  })

  test('no TLS at all looks like a Kafka that is away, with the hint what to set', async () => {
    await expect(open({ tls: null, sasl: login })).rejects.toMatchObject({
      code: 'log-unreachable',
      retryable: true,
      hint: expect.stringContaining('log.kafka.tls') as string,
    })
  })
})
