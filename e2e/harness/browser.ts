import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import axe from 'axe-core'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { chromiumPath } from '../needs.ts'
import { root } from './process.ts'

/** A page in Chromium, and everything that went wrong in it. */
export interface TestPage {
  readonly page: Page
  /** Errors on its console, uncaught ones, and what its content security policy forbade. */
  readonly problems: readonly string[]
  /** Violations of accessibility rules, as axe-core finds them, in words. */
  accessibilityProblems(): Promise<string[]>
}

export type OpenPage = (address: string, options?: BrowserContextOptions) => Promise<TestPage>

/** Without a screen, and without asking anything of the network but what the page asks. */
const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A browser for one test. Its pages speak English and stand in UTC. */
export async function openBrowser(): Promise<OpenPage> {
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    // Chromium's sandbox refuses to run as root, as CI does.
    args: [...quiet, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  })
  onTestFinished(() => browser.close())
  return async (address, options = {}) => {
    const context = await browser.newContext({
      locale: 'en-GB',
      timezoneId: 'UTC',
      viewport: { width: 1440, height: 900 },
      ...options,
    })
    const page = await context.newPage()
    const problems: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`))
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error(`forbidden by ${violatedDirective}: ${blockedURI}`),
      )
    })
    await page.goto(address)
    return { page, problems, accessibilityProblems: () => findProblems(page) }
  }
}

interface Axe {
  run(): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }>
}

async function findProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (globalThis as typeof globalThis & { axe: Axe }).axe.run())
  return violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html }) => `  ${html}`).join('\n')}`,
  )
}

/** Builds the page if its sources changed, as every npm script does first. */
export function buildPage(): void {
  execFileSync(process.execPath, [join(root, 'scripts/setup.cjs')], { cwd: root })
}
