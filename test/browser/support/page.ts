import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const executablePath = '/usr/bin/chromium'

export const hasChromium = existsSync(executablePath)
export const howToGetChromium = 'The browser suite needs Chromium: apt-get install -y chromium'

/** Nothing of the browser's own may go out, and no name resolves but this machine's. */
const args = [
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
  '--disable-gpu',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
]

/** Starting it takes half a second and more, so one serves all pages of a test file; `closeBrowser` ends it. */
let started: Promise<Browser> | undefined

export async function closeBrowser(): Promise<void> {
  const browser = await started
  started = undefined
  await browser?.close()
}

export interface OpenPage {
  page: Page
  /** What the console showed as an error, uncaught exceptions, and what the page's policy blocked. */
  consoleErrors: string[]
  /** Every host that the page asked for anything, sockets too. */
  hosts: Set<string>
  close(): Promise<void>
}

/** Opens the address in a browser context of its own: no storage, no cache shared with another page. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  if (!hasChromium) throw new Error(howToGetChromium)
  started ??= chromium.launch({ executablePath, args })
  const context = await (await started).newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const page = await context.newPage()
  const consoleErrors: string[] = []
  const hosts = new Set<string>()
  page.on('console', (message) => {
    if (message.type() === 'error') consoleErrors.push(message.text())
  })
  page.on('pageerror', (error) => consoleErrors.push(String(error)))
  page.on('request', (request) => hosts.add(new URL(request.url()).hostname))
  page.on('websocket', (socket) => hosts.add(new URL(socket.url()).hostname))
  await page.goto(url)
  return { page, consoleErrors, hosts, close: () => context.close() }
}
