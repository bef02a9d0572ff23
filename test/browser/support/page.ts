import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** Chromium without its window: the same page takes less than half of the processor time of `/usr/bin/chromium`. */
const executablePath = '/usr/bin/chromium-headless-shell'

export const hasChromium = existsSync(executablePath)
export const howToGetChromium = 'The browser suite needs Chromium: apt-get install -y chromium-headless-shell'

/** Chromium sends no requests of its own and resolves only the names of this machine. */
const args = [
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
  '--disable-gpu',
  '--disable-sync',
  // All pages of a file share one process, which takes a third less processor time.
  '--renderer-process-limit=1',
  '--disable-site-isolation-trials',
  '--disable-features=IsolateOrigins,site-per-process',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
]

/** Many times what a page takes on an idle machine: other programs may keep every core busy. */
const waitMsMax = 120_000

/** One browser for all pages of a test file, since its start takes half a second; `closeBrowser` ends it. */
let started: Promise<Browser> | undefined

export async function closeBrowser(): Promise<void> {
  const browser = await started
  started = undefined
  await browser?.close()
}

export interface OpenPage {
  page: Page
  /** Errors in the console, uncaught exceptions and requests that the page's security policy blocked. */
  consoleErrors: string[]
  /** Hosts of all requests and WebSockets of the page. */
  hosts: Set<string>
  close(): Promise<void>
}

/** Opens the URL in a new browser context, which shares no storage and no cache with other pages. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  if (!hasChromium) throw new Error(howToGetChromium)
  started ??= chromium.launch({ executablePath, args })
  const context = await (await started).newContext({ viewport: { width: 1280, height: 900 }, ...options })
  context.setDefaultTimeout(waitMsMax)
  const page = await context.newPage()
  const consoleErrors: string[] = []
  const hosts = new Set<string>()
  page.on('console', (message) => {
    if (message.type() === 'error') consoleErrors.push(message.text())
  })
  page.on('pageerror', (error) => consoleErrors.push(String(error)))
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url())
    // The page made a `blob:` itself, as the script of its timers: such a request leaves no browser.
    if (protocol !== 'blob:') hosts.add(hostname)
  })
  page.on('websocket', (socket) => hosts.add(new URL(socket.url()).hostname))
  await page.goto(url)
  return { page, consoleErrors, hosts, close: () => context.close() }
}
