/** Does something when the test is over, or, outside tests (benches), when this program ends. */
export const whenDone: (work: () => void) => void = process.env.VITEST
  ? (await import('vitest')).onTestFinished
  : (work) => process.once('exit', work).setMaxListeners(1_000)
