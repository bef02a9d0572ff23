import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { buildPage } from '../../../infra/start/build.ts'
import { cdr, endpoint } from './facts.ts'
import { closeBrowser, hasChromium, howToGetChromium, openPage } from './page.ts'
import { type Peer, startPeer } from './peer.ts'
import { serveFolder } from './static-server.ts'

/** A test of the suite; without a browser it is skipped, except where nothing may be skipped. */
export const browserTest = hasChromium || process.env['CI'] ? test : test.skip
if (!hasChromium) console.warn(howToGetChromium)

/** Serves the page as it is built for a release to the tests of one file. */
export function useDashboard(): { readonly url: string } {
  let server: Awaited<ReturnType<typeof serveFolder>> | undefined
  beforeAll(async () => {
    await buildPage(process.cwd())
    server = await serveFolder('dist/dashboard')
  })
  afterAll(async () => {
    await closeBrowser()
    await server?.[Symbol.asyncDispose]()
  })
  return {
    get url() {
      return server?.url ?? ''
    },
  }
}

/** A site with two idle phones and one recorded call. */
export function twoPhones(peer: Peer): void {
  for (const resource of ['5860', '5861']) peer.endpoints.set(`PJSIP/${resource}`, endpoint(resource, 'NOT_INUSE'))
  peer.cdrs = [cdr('1.1')]
}

export interface BoardOptions extends BrowserContextOptions {
  prepare?: (peer: Peer) => void
  /** Added to the fragment. */
  more?: Record<string, string>
  /** What the console may complain of: a test that cuts the line makes the browser say so. */
  mayComplain?: RegExp
}

/** The board of a scripted site. At the end it must have asked nothing of any other machine and complained of nothing. */
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
