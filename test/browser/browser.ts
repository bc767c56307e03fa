import { after } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'

/** Debian's Chromium, once for a test file; ended with it. */
let browser: Promise<Browser> | undefined
after(async () => {
  await (await browser)?.close()
})

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A page, with all that went wrong in it and whatever it asked of anyone. */
export interface Looked {
  page: Page
  /** Errors of scripts and of the console, violations of the pages' policy among them. */
  errors: string[]
  /** Origins that anything was asked of. */
  origins: Set<string>
  close(): Promise<void>
}

export async function openPage(url: string, width = 1280): Promise<Looked> {
  browser ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: flags,
  })
  const context = await (await browser).newContext({ viewport: { width, height: 900 } })
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  const errors: string[] = []
  const origins = new Set<string>()
  page.on('pageerror', error => errors.push(String(error)))
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
  })
  page.on('request', request => origins.add(new URL(request.url()).origin))
  await page.goto(`${url}/ui/`)
  return { page, errors, origins, close: () => context.close() }
}

/** How far the page can be scrolled sideways, pixels; 0 is as it should be. */
export const overhang = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
