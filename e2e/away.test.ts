import type { ApiProblem, ApiReadiness } from '@barograph/proto/api'
import { expect, onTestFinished, test } from 'vitest'
import { createCollector } from './harness/collector.ts'
import { temporaryFolder } from './harness/folder.ts'
import { freePorts } from './harness/ports.ts'
import { collectorProgram, start } from './harness/process.ts'
import { eventually } from './harness/wait.ts'

test.each([
  ['its Kafka', 'BAROGRAPH_LOG_URL', 'kafka://127.0.0.1:PORT', /^Kafka at 127\.0\.0\.1:\d+ does not answer/],
  [
    'its MongoDB',
    'BAROGRAPH_STORE_URL',
    'mongodb://127.0.0.1:PORT/barograph',
    /^MongoDB at mongodb:.* does not answer/,
  ],
])(
  'a collector that starts while %s is away shows its page, and says in words what it waits for',
  async (_what, key, url, words) => {
    const [nobody = 0] = await freePorts(1)
    const collector = await createCollector({
      folder: temporaryFolder(),
      env: { [key]: url.replace('PORT', String(nobody)) },
    })
    const running = start([collectorProgram, 'run'], collector.env)
    onTestFinished(() => running.send('SIGKILL'))
    const health = await eventually('it answers', async () => fetch(`${collector.page}/healthz`))
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({ status: 'ok' })

    await eventually('it says what it waits for', async () => {
      const answer = await fetch(`${collector.page}/readyz`)
      const { checks, ready } = (await answer.json()) as ApiReadiness
      expect(answer.status).toBe(503)
      expect(ready).toBe(false)
      return words.test(checks.find(({ name }) => name === 'log and store')?.detail ?? '')
    })
    const page = await fetch(`${collector.page}/`)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('<title>')
    const devices = await fetch(`${collector.page}/api/v1/devices`)
    expect(devices.status).toBe(503)
    const problem = (await devices.json()) as ApiProblem
    expect(problem.code).toBe('waiting')
    expect(problem.detail).toMatch(words)
    expect((await running.stop()).code).toBe(0)
  },
)
