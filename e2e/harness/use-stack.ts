import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { chosenStack, needsStack } from '../needs.ts'
import type { Collector } from './collector.ts'
import { temporaryFolder } from './folder.ts'
import {
  type Engines,
  type Stack,
  type StackKind,
  type StackOptions,
  startEngines,
  startStack,
} from './stack.ts'

/** For engines that start in ten seconds on a machine that has nothing else to do. */
const patienceMs = 300_000

/**
 * For the tests of a file: each call inside of a test starts a stack of that test's own, which ends with it. Slow engines
 * are started once for all of them. Without a kind it is the one that `npm test -- --stack` asks for. `ownMongo`: a
 * test kills the MongoDB.
 */
export function useStacks(
  kind: StackKind = chosenStack,
  { ownMongo = false }: { ownMongo?: boolean } = {},
): (options?: Partial<Omit<StackOptions, 'engines'>>) => Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-stack-'))
  let engines: Engines | null = null
  beforeAll(async () => {
    if (kind === 'services') engines = await startEngines({ folder, ownMongo })
  }, patienceMs)
  afterAll(async () => {
    await engines?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, patienceMs)
  return async (options = {}) => {
    const stack = await startStack(kind, {
      folder: temporaryFolder(),
      ...options,
      ...(engines ? { engines } : {}),
    })
    onTestFinished(() => stack.stop())
    return stack
  }
}

/** A test on whatever stack `npm test -- --stack` asks for; skipped, and said so, where this machine lacks a part of it. */
export const testOnStack = (title: string, options: { timeout: number }, work: () => Promise<void>): void =>
  test.skipIf(!needsStack.isMet)(`${title}${needsStack.title}`, options, async () => {
    expect.hasAssertions()
    await work()
  })

/** The second reader finds nothing. */
export async function expectCleanAudit(collector: Collector): Promise<void> {
  const audit = await collector.audit()
  expect(audit.code, audit.stdout + audit.stderr).toBe(0)
}
