import { CodedError } from '@barograph/proto'
import type { Command } from 'commander'
import { formatTime } from '../core/iso-time.ts'
import type { DeadLetter, DeadLetters } from '../core/log.ts'
import { replayLetter } from '../core/replay.ts'
import { createOpeners, type Openers } from '../roles/open.ts'
import { systemClock } from '../system-clock.ts'
import { commonOptions, configOf, examplesOf, numberOption } from './context.ts'
import { exitCodes } from './failure.ts'
import { writeLines } from './output.ts'

const lettersPerRead = 200
const shownBytes = 256

export function addDeadLettersCommand(program: Command): void {
  const group = program
    .command('dead-letters')
    .description('messages that were refused, with the reason')
    .addHelpText(
      'after',
      examplesOf('dead-letters list --device balcony', 'dead-letters show 17', 'dead-letters replay 17 18'),
    )
  group
    .command('list')
    .description('the newest first')
    .addHelpText('after', examplesOf('dead-letters list', 'dead-letters list --limit 500 --json'))
    .option('--limit <n>', 'at most so many', '50')
    .option('--device <id>', 'only of this device')
    .action(async (options: { limit: string; device?: string }, command: Command) => {
      const { json, letters } = await openReading(command)
      await closing(letters, () => list(letters, options, json))
    })
  group
    .command('show <id>')
    .description('one of them, with its bytes')
    .addHelpText('after', examplesOf('dead-letters show 17', 'dead-letters show 17 --json'))
    .action(async (id: string, _options: object, command: Command) => {
      const { json, letters } = await openReading(command)
      await closing(letters, async () => show(await getLetter(letters, id), json))
    })
  group
    .command('replay <id...>')
    .description(
      'check again by the rules as they are now; what passes is logged and no dead letter any more',
    )
    .addHelpText('after', examplesOf('dead-letters replay 17', 'dead-letters replay 17 18 19'))
    .action(async (ids: string[], _options: object, command: Command) => {
      const options = commonOptions(command)
      const openers = createOpeners(configOf(options))
      // Refuses with words when there is no log yet, instead of making one.
      await (await openers.readLog()).close()
      await replay(openers, ids)
    })
}

async function openReading(command: Command) {
  const options = commonOptions(command)
  const openers = createOpeners(configOf(options))
  return { json: options.json, letters: await openers.readDeadLetters() }
}

async function closing(resource: { close(): Promise<void> }, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } finally {
    await resource.close()
  }
}

async function list(
  letters: DeadLetters,
  { limit, device }: { limit: string; device?: string },
  json: boolean,
): Promise<void> {
  let left = numberOption('--limit', limit, 1, 1_000_000)
  let before: number | undefined
  let isEmpty = true
  while (left > 0) {
    const page = await letters.list({
      limit: Math.min(left, lettersPerRead),
      ...(before === undefined ? {} : { before }),
      ...(device === undefined ? {} : { device }),
    })
    if (page.length === 0) break
    isEmpty = false
    left -= page.length
    before = page.at(-1)?.id
    if (!(await writeLines(page.map((letter) => lineOf(letter, json))))) return
  }
  if (isEmpty && !json) await writeLines(['No dead letters.'])
}

function lineOf(letter: DeadLetter, json: boolean): string {
  const { id, ingestMs, code, topic, device, reason, value } = letter
  const time = formatTime(ingestMs)
  if (json) return JSON.stringify({ id, time, code, topic, device, reason, bytes: value.byteLength })
  return `${String(id).padStart(6)}  ${time}  ${code.padEnd(18)}  ${topic}  ${value.byteLength} bytes  ${reason}`
}

async function show(letter: DeadLetter, json: boolean): Promise<void> {
  const { id, ingestMs, code, topic, device, reason } = letter
  const value = Buffer.from(letter.value)
  const time = formatTime(ingestMs)
  if (json) {
    const payload = value.toString('base64')
    await writeLines([
      JSON.stringify({ id, time, code, topic, device, reason, bytes: value.byteLength, payload }),
    ])
    return
  }
  const hex =
    value
      .subarray(0, shownBytes)
      .toString('hex')
      .match(/.{1,64}/g) ?? []
  await writeLines([
    `id       ${id}`,
    `time     ${time}`,
    `topic    ${topic}`,
    `device   ${device ?? '(not known)'}`,
    `code     ${code}`,
    `reason   ${reason}`,
    `bytes    ${value.byteLength}${value.byteLength > shownBytes ? ` (the first ${shownBytes} follow; all with --json)` : ''}`,
    ...hex.map((line) => `         ${line}`),
  ])
}

async function replay(openers: Openers, ids: readonly string[]): Promise<void> {
  const log = await openers.log()
  const letters = await openers.deadLetters()
  try {
    for (const id of ids) {
      const letter = await getLetter(letters, id)
      const result = await replayLetter({ letter, log, now: systemClock.now() })
      if (result.taken) {
        await letters.remove(letter.id)
        await writeLines([`${id}: logged; no dead letter any more`])
      } else {
        process.exitCode = exitCodes.failed
        await writeLines([`${id}: still refused, ${result.why}`])
      }
    }
  } finally {
    await letters.close()
    await log.close()
  }
}

async function getLetter(letters: DeadLetters, text: string): Promise<DeadLetter> {
  const letter = await letters.get(numberOption('dead letter', text, 1, Number.MAX_SAFE_INTEGER))
  if (letter) return letter
  throw new CodedError('no-such-letter', `There is no dead letter ${text}.`, {
    hint: 'dead-letters list shows which there are; only the newest are kept.',
  })
}
