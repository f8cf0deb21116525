import { agentProgram, type Running, start } from './process.ts'

/** What one simulated device says it did (`simulate --json`), in readings. */
export interface FleetLedger {
  readonly device: string
  readonly accepted: number
  readonly lost: number
  readonly stored: number
  readonly refused: number
  readonly left: number
}

/** Real agents in one process, each with a buffer and a connection of its own. */
export interface Fleet {
  readonly process: Running
  /** No new readings; waits until all is stored, and hears what each device did. */
  finish(): Promise<FleetLedger[]>
}

const drainLimitSeconds = 900

export function startFleet(options: { broker: string; devices: number; rate: number }): Fleet {
  const { broker, devices, rate } = options
  const words = `simulate --devices ${devices} --rate ${rate} --seed 1 --drain-limit ${drainLimitSeconds}s --json`
  const fleet = start([agentProgram, ...words.split(' '), '--url', broker])
  return {
    process: fleet,
    async finish() {
      const { code, stdout, stderr } = await fleet.stop()
      if (stdout.trim() === '') throw new Error(`the fleet ended (${code}) without its ledger: ${stderr}`)
      return (JSON.parse(stdout) as { devices: FleetLedger[] }).devices
    },
  }
}
