import { expect, test } from 'vitest'
import { databaseUrl } from './mongo.ts'

test.each([
  ['mongodb://127.0.0.1:27117', 'mongodb://127.0.0.1:27117/mine'],
  ['mongodb://a:1,b:2/?replicaSet=r', 'mongodb://a:1,b:2/mine?replicaSet=r'],
  ['mongodb+srv://me:pw@host/other?w=majority', 'mongodb+srv://me:pw@host/mine?w=majority'],
])('a database of %s', (server, url) => {
  expect(databaseUrl(server, 'mine')).toBe(url)
})
