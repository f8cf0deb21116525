import { expect, test } from 'vitest'
import { kafkaProperties, scramArguments } from './kafka-properties.ts'

const doors = { folder: '/k', port: 1, innerPort: 2, controllerPort: 3 }

test('everybody may connect where neither users nor TLS are given, by one door', () => {
  const properties = kafkaProperties({ ...doors, innerPort: 1 })
  expect(properties.listeners).toBe('INNER://127.0.0.1:1,CONTROLLER://127.0.0.1:3')
  expect(scramArguments(undefined)).toEqual([])
})

test.each([
  [{ users: { me: 'x' } }, 'SASL_PLAINTEXT'],
  [{ tls: { cert: 'c', key: 'k' } }, 'SSL'],
  [{ users: { me: 'x' }, tls: { cert: 'c', key: 'k' } }, 'SASL_SSL'],
])('clients who have to prove themselves have a door of their own: %o', (access, protocol) => {
  const properties = kafkaProperties({ ...doors, ...access })
  expect(properties.listeners).toBe('CLIENT://127.0.0.1:1,INNER://127.0.0.1:2,CONTROLLER://127.0.0.1:3')
  expect(properties['listener.security.protocol.map']).toContain(`CLIENT:${protocol},`)
})

test('every mechanism knows every user', () => {
  const users = { me: 'x', you: 'y' }
  expect(scramArguments(users)).toEqual([
    '--add-scram',
    'SCRAM-SHA-256=[name=me,password=x]',
    '--add-scram',
    'SCRAM-SHA-512=[name=me,password=x]',
    '--add-scram',
    'SCRAM-SHA-256=[name=you,password=y]',
    '--add-scram',
    'SCRAM-SHA-512=[name=you,password=y]',
  ])
  expect(kafkaProperties({ ...doors, users })['listener.name.client.plain.sasl.jaas.config']).toMatch(
    / user_me="x" user_you="y";$/,
  )
})
