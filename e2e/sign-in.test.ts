import { writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createAgent } from './harness/agent.ts'
import { buildPage, openBrowser, type TestPage } from './harness/browser.ts'
import { createCollector } from './harness/collector.ts'
import { temporaryFolder } from './harness/folder.ts'
import { collectorProgram, run } from './harness/process.ts'
import { needsChromium } from './needs.ts'

const balconyYaml = `
device: balcony
site: { name: Balcony, latitude: 40.69, longitude: -74.17, altitudeM: 5, timeZone: America/New_York }
sensors:
  - { id: bme280, type: simulated, intervalMs: 500, seed: 1 }
`
const wrong = `bg-0123456789-${'A'.repeat(43)}`

/** A collector that asks who reads, with a device that writes, and a token of each role. */
async function startAsking(env: Record<string, string> = {}) {
  const folder = temporaryFolder()
  const files = {
    BAROGRAPH_SERVE_TOKENS_VIEWER: `file:${join(folder, 'viewer-token')}`,
    BAROGRAPH_SERVE_TOKENS_OPERATOR: `file:${join(folder, 'operator-token')}`,
  }
  const tokens = (...args: string[]) => run([collectorProgram, 'tokens', ...args], files, folder)
  const add = async (role: string, name: string): Promise<string> => {
    const { stdout, stderr } = await tokens('add', role, '--name', name, '--json')
    expect(stderr).toBe('')
    return (JSON.parse(stdout) as { token: string }).token
  }
  const viewer = await add('viewer', 'kiosk')
  const operator = await add('operator', 'anna')
  const collector = await createCollector({ folder, env: { ...files, ...env } })
  await collector.start()
  createAgent({ folder, name: 'balcony', yaml: balconyYaml, broker: collector.broker }).start()
  return { folder, collector, viewer, operator, tokens }
}

/** A proxy that hands every path on as it is, under a name of its own; and what it was asked for. */
async function startProxy(target: string): Promise<{ address: string; asked: string[] }> {
  const { hostname, port } = new URL(target)
  const asked: string[] = []
  const server = createServer((from, to) => {
    asked.push(from.url ?? '')
    const onwards = request(
      { host: hostname, port, path: from.url, method: from.method, headers: from.headers },
      (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(to)
      },
    )
    onwards.on('error', () => to.destroy())
    from.pipe(onwards)
  })
  server.on('upgrade', (from, socket) => {
    asked.push(from.url ?? '')
    const onwards = request({ host: hostname, port, path: from.url, headers: from.headers })
    onwards.on('upgrade', (answer, upstream) => {
      const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`)
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
      upstream.pipe(socket).pipe(upstream)
      upstream.on('error', () => socket.destroy())
      socket.on('error', () => upstream.destroy())
    })
    onwards.on('response', () => socket.destroy())
    onwards.on('error', () => socket.destroy())
    onwards.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { address: `http://localhost:${(server.address() as AddressInfo).port}`, asked }
}

const tokenField = (page: Page) => page.getByLabel('Token', { exact: true })

async function signIn(page: Page, token: string): Promise<void> {
  await tokenField(page).fill(token)
  await tokenField(page).press('Enter')
}

const caller = (page: Page, words: string) =>
  page.locator('details[data-key="caller"] summary', { hasText: words }).filter({ visible: true }).first()

async function untilLive(page: Page): Promise<void> {
  await page.locator('.state', { hasText: 'Live' }).waitFor({ timeout: 30_000 })
}

/** All problems but the refusals that the test is about. */
const unexpected = ({ problems }: TestPage): string[] =>
  problems.filter((text) => !/status of (401|429)|WebSocket connection/.test(text))

describe.skipIf(!needsChromium.isMet)(`signing in ${needsChromium.title}`, () => {
  beforeAll(buildPage, 120_000)

  test('a wrong token is refused in words, a right one opens the page where it was, and signing out shuts it', async () => {
    const { collector, viewer } = await startAsking()
    const open = await openBrowser()
    const place = '/?device=balcony&range=hour&metric=humidity'
    const opened = await open(`${collector.page}${place}`)
    const { page } = opened
    await tokenField(page).waitFor()
    expect(await page.title()).toBe('Sign in, Barograph')
    expect(await page.getByText('Balcony').count()).toBe(0)
    expect(await opened.accessibilityProblems()).toEqual([])

    await signIn(page, wrong)
    await page.getByRole('alert').getByText('Not known here').waitFor()
    expect(await opened.accessibilityProblems()).toEqual([])

    await signIn(page, viewer)
    await untilLive(page)
    expect(page.url()).toBe(`${collector.page}${place}`)
    await caller(page, 'viewer kiosk').click()
    await page.getByText('Reads; orders take an operator.').filter({ visible: true }).first().waitFor()
    const cookies = await page.context().cookies()
    expect(cookies).toMatchObject([
      { name: 'barograph_session', httpOnly: true, sameSite: 'Strict', path: '/' },
    ])
    expect(await page.evaluate(() => document.cookie + JSON.stringify(localStorage))).not.toContain('bg-')

    await page.reload()
    await untilLive(page)
    await caller(page, 'viewer kiosk').click()
    await page.getByRole('button', { name: 'sign out' }).filter({ visible: true }).first().click()
    await tokenField(page).waitFor()
    expect(await tokenField(page).inputValue()).toBe('')
    expect(await page.getByText('Balcony').count()).toBe(0)
    await page.reload()
    await tokenField(page).waitFor()
    expect(unexpected(opened)).toEqual([])
  })

  test('a token that is revoked while it is used ends in the form, and another one goes on live', async () => {
    const { collector, viewer, operator, tokens } = await startAsking()
    const open = await openBrowser()
    const opened = await open(`${collector.page}/?device=balcony`)
    const { page } = opened
    await signIn(page, viewer)
    await untilLive(page)
    expect((await tokens('revoke', 'kiosk')).code).toBe(0)
    await tokenField(page).waitFor({ timeout: 30_000 })
    await signIn(page, viewer)
    await page.getByRole('alert').getByText('Not known here').waitFor()
    await signIn(page, operator)
    await untilLive(page)
    await caller(page, 'operator anna').waitFor()
    expect(unexpected(opened)).toEqual([])
  })

  test('works under a prefix behind a proxy: page, fonts, interface, WebSocket, cookie; with words to sign in by key alone', async () => {
    const folder = temporaryFolder()
    const keyFile = join(folder, 'session-key')
    writeFileSync(keyFile, 'k'.repeat(64))
    const { collector, operator } = await startAsking({
      BAROGRAPH_SERVE_PREFIX: '/barograph',
      BAROGRAPH_SERVE_SESSIONKEY: `file:${keyFile}`,
    })
    const proxy = await startProxy(collector.page)
    const open = await openBrowser()
    const opened = await open(`${proxy.address}/barograph?view=fleet`)
    const { page } = opened
    await tokenField(page).waitFor()
    await page.keyboard.type(operator)
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Balcony' }).first().waitFor({ timeout: 30_000 })
    expect(page.url()).toBe(`${proxy.address}/barograph/?view=fleet`)
    await page.getByRole('link', { name: 'Station' }).click()
    await untilLive(page)
    expect(page.url()).toBe(`${proxy.address}/barograph/`)
    expect(await page.context().cookies()).toMatchObject([{ path: '/barograph' }])
    expect(proxy.asked.length).toBeGreaterThan(5)
    expect(proxy.asked.filter((path) => !path.startsWith('/barograph'))).toEqual([])
    const docs = await page.context().newPage()
    await docs.goto(`${proxy.address}/barograph/docs`)
    const links = docs.getByRole('link', { name: '/openapi.json', exact: true })
    expect(await links.first().evaluate((link) => (link as HTMLAnchorElement).href)).toBe(
      `${proxy.address}/barograph/openapi.json`,
    )

    // Its key is kept: the session outlives a restart of the collector, and the page comes back by itself.
    await collector.stop()
    await page.locator('.state', { hasText: 'Connection lost' }).waitFor({ timeout: 30_000 })
    await collector.start()
    await untilLive(page)
    await caller(page, 'operator anna').waitFor()
    expect(unexpected(opened).filter((text) => !/ERR_|502|status of 5/.test(text))).toEqual([])
  })

  test('without a key a restart ends sessions, and the page asks again', async () => {
    const { collector, viewer } = await startAsking()
    const open = await openBrowser()
    const { page } = await open(`${collector.page}/?device=balcony`)
    await signIn(page, viewer)
    await untilLive(page)
    await collector.stop()
    await collector.start()
    await tokenField(page).waitFor({ timeout: 30_000 })
    await signIn(page, viewer)
    await untilLive(page)
    expect(await caller(page, 'viewer kiosk').count()).toBe(1)
  })
})
