#!/usr/bin/env node
import { exitCodes } from './cli/failure.ts'
import { runProgram } from './cli/program.ts'

const exitCode = await runProgram(process.argv.slice(2))
// What failed without a word for it may have left anything running.
if (exitCode === exitCodes.bug) process.exit(exitCode)
process.exitCode = exitCode
