// Runs a long program out of sight and shows a person that it goes on. Everything goes to standard error: the
// command that follows may print something for a machine to read.
const { spawn } = require('node:child_process')

const PLAIN_LINE_EVERY_S = 15
const KEPT_OUTPUT_CHARS = 64 * 1024

/** Shows `label ... 14 s`, in place on a terminal, in plain lines elsewhere. Returns { done }. */
const showProgress = (label, stream = process.stderr) => {
  const startedMs = Date.now()
  const seconds = () => Math.round((Date.now() - startedMs) / 1000)
  const line = () => `${label} ... ${seconds()} s`
  stream.write(stream.isTTY ? line() : `${label} ...\n`)
  const timer = setInterval(() => {
    if (stream.isTTY) stream.write(`\r${line()}`)
    else if (seconds() % PLAIN_LINE_EVERY_S === 0) stream.write(`${line()}\n`)
  }, 1000)
  return {
    done: (word) => {
      clearInterval(timer)
      stream.write(stream.isTTY ? `\r${line()}, ${word}\n` : `${line()}, ${word}\n`)
    },
  }
}

/** Runs a program with its output kept back. Resolves with { ok, output }. */
const runQuietly = (label, command, args, options) =>
  new Promise((resolve) => {
    const progress = showProgress(label)
    let output = ''
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_OUTPUT_CHARS)
    }
    const finish = (ok) => {
      progress.done(ok ? 'done' : 'failed')
      resolve({ ok, output })
    }
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => {
      keep(`${error.message}\n`)
      finish(false)
    })
    child.on('close', (code) => {
      if (code !== null || child.pid) finish(code === 0)
    })
  })

module.exports = { runQuietly, showProgress }
