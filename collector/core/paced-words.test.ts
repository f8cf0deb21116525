import { expect, test } from 'vitest'
import { createPacedWords } from './paced-words.ts'
import { createFakeClock } from './testing/fake-clock.ts'

test('words that come too often are said a few times and then counted, each kind on its own', async () => {
  const clock = createFakeClock()
  const said: string[] = []
  const words = createPacedWords(clock, (kind, text) => said.push(`${kind}: ${text}`))
  for (let i = 1; i <= 12; i++) words.say('wrong-token', `guess ${i}`)
  words.say('subscribe', '#')
  expect(said).toEqual([...[1, 2, 3, 4, 5].map((i) => `wrong-token: guess ${i}`), 'subscribe: #'])
  await clock.pass(60_000)
  expect(said.slice(6)).toEqual(['wrong-token: and 7 more like this within a minute'])
  words.say('wrong-token', 'guess 13')
  expect(said.at(-1)).toBe('wrong-token: guess 13')
  words.close()
  expect(clock.timers).toBe(0)
})
