import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiDevices } from '@barograph/proto/api'
import { freePorts } from '../harness/ports.ts'
import { root } from '../harness/process.ts'
import { eventually } from '../harness/wait.ts'
import type { Bench, Row, Size } from './bench.ts'

const lastRow = '2013-12-30T23:00:00Z'

/** `npm start` in a bare clone with an empty cache (small: in this checkout), until Newark's year is there. */
export const start: Bench = {
  name: 'start',
  title: 'First start: a bare clone, an empty npm cache, the package registry over this machine’s network',
  async run(size: Size): Promise<Row[]> {
    const folder = mkdtempSync(join(tmpdir(), 'barograph-bench-'))
    const clone = size === 'full' ? join(folder, 'clone') : root
    if (size === 'full') execFileSync('git', ['clone', '--quiet', root, clone])
    const [http, mqtt] = await freePorts(2)
    const page = `http://127.0.0.1:${http}`
    const started = performance.now()
    const seconds = (): number => (performance.now() - started) / 1000
    const child = spawn('npm', ['start'], {
      cwd: clone,
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'))),
        BAROGRAPH_DATA: join(folder, 'data'),
        BAROGRAPH_PORT: String(http),
        BAROGRAPH_MQTT_PORT: String(mqtt),
        ...(size === 'full' ? { npm_config_cache: join(folder, 'cache') } : {}),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    try {
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
      await eventually('the address is printed', () => output.includes(page), 300_000)
      const printed = seconds()
      await eventually('the page answers', async () => (await fetch(page)).ok)
      const alive = seconds()
      await eventually('the year is there', async () =>
        ((await (await fetch(`${page}/api/v1/devices`)).json()) as ApiDevices).devices.some(
          (device) => device.newest === lastRow,
        ),
      )
      return [
        { what: 'address printed', value: printed, unit: 's', goal: '< 60' },
        { what: 'page answers, after that', value: alive - printed, unit: 's', goal: 'at once' },
        { what: 'Newark’s year stored, after that', value: seconds() - printed, unit: 's', goal: '< 60' },
      ]
    } finally {
      if (child.pid) process.kill(-child.pid, 'SIGINT')
      await new Promise((resolve) => child.once('exit', resolve))
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
