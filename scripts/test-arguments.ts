/** What collectors run on in the tests that know how to run on any stack. */
const stacks = ['embedded', 'services'] as const

/** Arguments of `npm test`: ours, and the rest for vitest. */
export interface TestArguments {
  readonly vitest: readonly string[]
  /** What our arguments mean to the tests. */
  readonly env: Readonly<Record<string, string>>
}

/** Takes out `--stack embedded|services`. Throws words for people about any other stack. */
export function readArguments(args: readonly string[]): TestArguments {
  const at = args.findIndex((arg) => arg === '--stack' || arg.startsWith('--stack='))
  if (at < 0) return { vitest: args, env: {} }
  const [, inline] = args[at]?.split('=') ?? []
  const stack = inline ?? args[at + 1]
  if (!stacks.some((one) => one === stack))
    throw new Error(`--stack ${stack ?? ''}: allowed are ${stacks.join(' and ')}`)
  const rest = args.toSpliced(at, inline === undefined ? 2 : 1)
  // Only the whole system has a stack: nothing else is asked for unless it is named.
  const project = rest.includes('--project') || stack === 'embedded' ? [] : ['--project', 'e2e']
  return { vitest: [...project, ...rest], env: { BAROGRAPH_TEST_STACK: stack as string } }
}
