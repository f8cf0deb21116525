import { defineConfig } from 'vitest/config'

// The install test clones and installs: it belongs with the slow tests.
const wholeSystem = ['e2e/**/*.test.ts', 'scripts/install.test.ts']

// With another stack than the embedded one only what knows how to run on it.
const onAnyStack = [
  'e2e/{newark,order,kill,outage,retention,hostile,identity,sites,rebuild}.test.ts',
  'e2e/engines/stack.test.ts',
]
const isEmbedded = (process.env.BAROGRAPH_TEST_STACK || 'embedded') === 'embedded'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{proto,agent,collector,dashboard,hardware,scripts}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', ...wholeSystem],
          // Processes, not threads: native SQLite, signals and the working directory belong to a process.
          pool: 'forks',
          maxWorkers: 2,
          // A limit for what hangs, and no measure: the machine may be busy with other things.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: isEmbedded ? wholeSystem : onAnyStack,
          exclude: ['**/node_modules/**', '**/dist/**'],
          pool: 'forks',
          // After the unit tests, two files at a time: each starts brokers, databases or a browser.
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
