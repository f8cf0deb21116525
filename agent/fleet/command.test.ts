import { Command, CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import { addSimulateCommand } from './command.ts'
import type { DeviceLedger } from './ledger.ts'
import { formatLedger, ledgerJson } from './print.ts'
import { assertStored } from './run-fleet.ts'

async function complaintOf(...args: string[]): Promise<string> {
  const said: string[] = []
  const program = new Command().exitOverride()
  addSimulateCommand(program)
  program.commands[0]?.configureOutput({ writeErr: (text) => said.push(text) })
  try {
    await program.parseAsync(['simulate', ...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return said.join('')
    throw error
  }
  throw new Error('was taken')
}

const ledger = (device: string, left: number): DeviceLedger => ({
  device,
  epoch: '0123456789abcdef',
  accepted: 240,
  late: 12,
  doubled: 3,
  lost: 2,
  stored: 238 - left,
  refused: 0,
  left,
  windows: [],
})

const options = {
  devices: 2,
  rate: 4,
  seed: 1,
  late: 5,
  duplicate: 1,
  gap: 1,
  url: 'mqtt://127.0.0.1:1883',
  prefix: 'sim',
  durationMs: 1000,
  http: null,
  drainLimitMs: 60_000,
}

const daily = ['--stations', 'A', '--from', '1990-01-01', '--days', '2']

describe('simulate', () => {
  test.each([
    [['--devices', '0'], 'a whole number from 1 to 2000'],
    [['--devices', '1.5'], 'a whole number'],
    [['--rate', 'fast'], 'a number from 0.001 to 1000'],
    [['--rate', '0'], 'a number from 0.001'],
    [['--late', '101'], 'from 0 to 100'],
    [['--gap=-1'], 'from 0 to 100'],
    [['--duration', '60'], 'such as 500ms, 60s, 5m or 1h'],
    [['--url', 'http://x'], 'mqtt://127.0.0.1:1883'],
    [['--http', '8014'], 'HOST:PORT'],
    [['--http', '127.0.0.1:99999'], 'HOST:PORT'],
    [['--prefix', 'Sim_'], 'small letters'],
    [['--daly'], "unknown option '--daly'"],
    [['--stations', 'A,a'], '"a" is there twice'],
    [['--stations', 'A,,B'], '"" is no name'],
    [['--stations', 'A,b_c'], '"b_c" is no name'],
    [['--from', '1990-02-30'], 'a day such as 1990-01-01'],
    [['--from', '1.1.1990'], 'a day such as 1990-01-01'],
    [['--days', '0'], 'a whole number of days from 1'],
    [['--days', '1e3'], 'a whole number of days from 1'],
  ])('%j is refused with what is allowed', async (args, words) => {
    expect(await complaintOf(...args)).toContain(words)
  })

  test.each([
    [['--daily', '--from', '1990-01-01'], '--daily needs --stations and --days'],
    [['--daily', ...daily, '--late', '5'], '--late is not for --daily'],
    [['--daily', '--stations', 'A', '--from', '9999-12-31', '--days', '2'], 'beyond the year 9999'],
    [['--days', '7'], '--days is for --daily only'],
    [['--no-uplink'], 'nothing to do without --http'],
    [['--http', '127.0.0.1:0', '--no-uplink', '--gap', '1'], '--no-uplink sends nothing'],
  ])('%j is refused with what fits together', async (args, words) => {
    await expect(complaintOf(...args)).rejects.toThrow(words)
  })

  test('the ledger is a table with its sums', () => {
    expect(formatLedger([ledger('sim-1', 0), ledger('sim-2', 1)]).split('\n')).toEqual([
      'device  accepted  late  doubled  lost  stored  refused  left',
      'sim-1        240    12        3     2     238        0     0',
      'sim-2        240    12        3     2     237        0     1',
      'all          480    24        6     4     475        0     1',
    ])
  })

  test('the ledger for machines tells what was asked for', () => {
    expect(JSON.parse(ledgerJson(options, [ledger('sim-1', 0)]))).toMatchObject({
      rate: 4,
      seed: 1,
      devices: [{ device: 'sim-1', stored: 238 }],
    })
  })

  test('readings that are not known to be stored are a failure that says where to look', () => {
    expect(() => assertStored([ledger('sim-1', 0)], options)).not.toThrow()
    expect(() => assertStored([ledger('sim-1', 0), ledger('sim-2', 7)], options)).toThrow(
      /7 readings of 1 device \(sim-2\)/,
    )
  })
})
