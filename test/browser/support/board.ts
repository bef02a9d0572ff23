import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { buildPage } from '../../../infra/start/build.ts'
import { type PageServer, servePage } from '../../../infra/start/page-server.ts'
import { endedCall, endpoint } from './facts.ts'
import { closeBrowser, hasChromium, howToGetChromium, openPage } from './page.ts'
import { type Peer, startPeer } from './peer.ts'

/** `test`, or a skipped test on a machine without Chromium; in CI such a test fails instead. */
export const browserTest = hasChromium || process.env['CI'] ? test : test.skip
if (!hasChromium) console.warn(howToGetChromium)

/** Serves the page as it is built for a release to the tests of one file. */
export function useDashboard(): { readonly url: string } {
  let server: PageServer | undefined
  beforeAll(async () => {
    server = await servePage(await buildPage(process.cwd()), 0)
  })
  afterAll(async () => {
    await closeBrowser()
    await server?.stop()
  })
  return {
    get url() {
      return server ? `http://127.0.0.1:${server.port}/` : ''
    },
  }
}

/** Gives the site two idle phones and one recorded call. */
export function twoPhones(peer: Peer): void {
  for (const resource of ['5860', '5861']) peer.endpoints.set(`PJSIP/${resource}`, endpoint(resource, 'NOT_INUSE'))
  peer.ended = [endedCall('1.1')]
}

export interface BoardOptions extends BrowserContextOptions {
  prepare?: (peer: Peer) => void
  /** More fields of the URL's fragment. */
  more?: Record<string, string>
  /** Errors that the console may show: Chromium reports a connection that the test cuts. */
  mayComplain?: RegExp
}

/** Opens the board of a scripted site. When the test finishes, it checks that the page sent requests to this machine only and logged no error. */
export async function openBoard(
  url: string,
  { prepare = twoPhones, more, mayComplain, ...options }: BoardOptions = {},
) {
  const peer = await startPeer()
  prepare(peer)
  const fragment = new URLSearchParams({ api: peer.apiUrl, site: peer.site, key: peer.key, ...more })
  const opened = await openPage(`${url}#${fragment}`, options)
  onTestFinished(async () => {
    await opened.close()
    await peer[Symbol.asyncDispose]()
    expect([...opened.hosts]).toEqual(['127.0.0.1'])
    expect(opened.consoleErrors.filter((text) => !mayComplain?.test(text))).toEqual([])
  })
  const { page } = opened
  const phone = (resource: string) => page.locator(`[data-endpoint="PJSIP/${resource}"]`)
  const connection = page.locator('[data-connection]')
  const connected = () => page.locator('[data-connection="connected"]').waitFor()
  return { ...opened, peer, phone, connection, connected }
}
