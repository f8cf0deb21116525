import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openAuthority } from '../../collector/devices/authority.ts'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import { samples } from '../../collector/store/testing/documents.ts'
import { needsMongodbToKill, needsRealMongodb } from '../needs.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'
import { openTlsWall } from './tls-wall.ts'

const folder = mkdtempSync(join(tmpdir(), 'barograph-authority-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Refusal {
  readonly code: string
  readonly retryable: boolean
  readonly message: string
  readonly hint: string
}

/** What is said when a store cannot be opened there; null: it can. */
async function refusalOf(url: string): Promise<Refusal | null> {
  try {
    await (await createMongoStore({ url })).close()
    return null
  } catch (error) {
    return error as Refusal
  }
}

async function expectWorks(url: string): Promise<void> {
  const store = await createMongoStore({ url })
  await store.write('devices', [samples.devices])
  expect(await store.read('devices', [samples.devices.id])).toEqual([samples.devices])
  await store.close()
}

describe.skipIf(!needsMongodbToKill.isMet)(`a MongoDB behind TLS ${needsMongodbToKill.title}`, () => {
  let server: MongoServer
  beforeAll(async () => {
    server = await startMongoServer({ own: true })
    await openAuthority(join(folder, 'strange'), Date.now())
  })
  afterAll(() => server?.stop())

  test('is a store for whoever trusts its authority, and one sentence for everybody else', async () => {
    const inside = server.service?.port ?? 0
    const port = await openTlsWall(inside, join(folder, 'ours'))
    const at = (where: string, options: string) => `mongodb://${where}/tls?${options}`
    const behind = (ca: string) => `tls=true&tlsCAFile=${join(folder, ca)}`
    await expectWorks(at(`127.0.0.1:${port}`, behind('ours/ca.crt')))

    const final: [string, string, RegExp][] = [
      [
        at(`127.0.0.1:${port}`, behind('strange/ca.crt')),
        'store-tls',
        /could not be secured \(.*certificate/,
      ],
      [at(`127.0.0.1:${port}`, 'tls=true'), 'store-tls', /could not be secured/],
      [
        at(`127.0.0.1:${port}`, behind('nowhere.crt')),
        'store-tls',
        /nowhere\.crt, which store\.url names, cannot be read/,
      ],
    ]
    for (const [url, code, words] of final) {
      const refusal = await refusalOf(url)
      expect(refusal).toMatchObject({ code, retryable: false })
      expect(refusal?.message).toMatch(words)
      expect(refusal?.message).not.toMatch(/\n|tlsCAFile=/)
    }
    // Neither side can know of the other that it speaks another language: it may be starting.
    for (const url of [at(`127.0.0.1:${port}`, ''), at(`127.0.0.1:${inside}`, behind('ours/ca.crt'))]) {
      const refusal = await refusalOf(url)
      expect(refusal?.code).toMatch(/^store-(unreachable|tls)$/)
      expect(refusal?.hint).toMatch(/tls/)
    }
  })
})

describe.skipIf(!needsRealMongodb.isMet)(`a MongoDB that asks who we are ${needsRealMongodb.title}`, () => {
  /** Users of one database of its own, with secrets that are looked for in what is said. */
  async function openUsers() {
    const server = await startMongoServer()
    const url = server.freshUrl()
    const admin = await new MongoClient(url).connect()
    const secret = randomBytes(12).toString('hex')
    const name = admin.db().databaseName
    for (const [user, role] of [
      ['writer', 'readWrite'],
      ['reader', 'read'],
    ] as const)
      await admin.db().command({ createUser: user, pwd: secret, roles: [{ role, db: name }] })
    onTestFinished(async () => {
      await admin.db().command({ dropAllUsersFromDatabase: 1 })
      await admin.db().dropDatabase()
      await admin.close()
      await server.stop()
    })
    const [, scheme, hosts, options = ''] = /^([^:]+:\/\/)(?:[^@/]*@)?([^/?]+)[^?]*\??(.*)$/.exec(url) ?? []
    const rest = options.split('&').filter((one) => one !== '' && !one.startsWith('authSource='))
    const as = (user: string, password: string) =>
      `${scheme}${user}:${password}@${hosts}/${name}?${[...rest, `authSource=${name}`].join('&')}`
    return { url, secret, as }
  }

  test('lets in by the right password alone, a reader to read, and no secret is said', async () => {
    const { secret, as } = await openUsers()
    await expectWorks(as('writer', secret))
    for (const [user, password] of [
      ['writer', 'tigershark'],
      ['nobody', secret],
    ] as const) {
      const refusal = await refusalOf(as(user, password))
      expect(refusal).toMatchObject({ code: 'store-refused', retryable: false })
      expect(`${refusal?.message} ${refusal?.hint}`).not.toMatch(new RegExp(`tigershark|${secret}`))
    }
    const reader = await createMongoStore({ url: as('reader', secret), readOnly: true })
    expect(await reader.read('devices', [samples.devices.id])).toEqual([samples.devices])
    await reader.close()
  })

  test('over TLS takes nobody who trusts another authority, if its URL says tls', async ({ skip }) => {
    const { url } = await openUsers()
    if (!/[?&](tls|ssl)=true/.test(url)) skip('BAROGRAPH_TEST_MONGODB_URL names a server without tls=true')
    await openAuthority(join(folder, 'strange'), Date.now())
    const strange = `${url.replace(/[?&]tlsCAFile=[^&]*/, '')}&tlsCAFile=${join(folder, 'strange/ca.crt')}`
    expect(await refusalOf(strange)).toMatchObject({ code: 'store-tls', retryable: false })
    await expectWorks(url)
  })
})
