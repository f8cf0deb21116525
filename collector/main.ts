#!/usr/bin/env node
import { runProgram } from './cli/program.ts'

// Whoever read our output (head, less) has enough: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

await runProgram(process.argv)
