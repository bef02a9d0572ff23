import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { buildPage } from '../../../infra/start/build.ts'
import { servePage } from '../../../infra/start/page-server.ts'
import { closeBrowser, openPage } from './page.ts'
import { startPeer } from './peer.ts'
import { sampleSite } from './sample-site.ts'

const addresses = [
  'board',
  'board/113',
  'board?density=dense',
  'calls',
  'calls/1.898',
  'stats',
  'extensions',
  'system',
  'webhooks/w1',
  'settings/site',
  'settings/dial',
  'settings/keys',
  'settings/audit',
  'marks/2023015',
  'marks/upload',
  'wall',
]
const themes = ['light', 'dark'] as const
const sizes = [
  [390, 844],
  [1024, 768],
  [1440, 900],
] as const
const languages = ['en', 'fr'] as const

/** `npm run screenshots`: pictures of every page of a made-up site, in both themes, three widths and both languages, for people to look at. */
export async function main([to = '/tmp/switchhook-pictures', only = '']: string[]): Promise<void> {
  await mkdir(to, { recursive: true })
  const server = await servePage(await buildPage(process.cwd()), 0)
  const peer = await startPeer()
  sampleSite(peer)
  const fragment = new URLSearchParams({ api: peer.apiUrl, site: peer.site, key: peer.key })
  for (const colorScheme of themes) {
    for (const [width, height] of sizes) {
      for (const locale of languages) {
        const options = { colorScheme, locale, viewport: { width, height } }
        const { page, close } = await openPage(`http://127.0.0.1:${server.port}/#${fragment}`, options)
        await page.locator('[data-connection="connected"]').waitFor()
        for (const address of addresses) {
          const name = `${address.replace(/\W+/g, '-')}-${width}-${colorScheme}-${locale}.png`
          if (!name.includes(only)) continue
          peer.lastHeard = new Date().toISOString()
          peer.say({ type: 'heard', lastHeard: peer.lastHeard, stale: false })
          await page.goto(`http://127.0.0.1:${server.port}/${address}`)
          await page.locator('[data-connection="connected"]').waitFor()
          await page.waitForLoadState('networkidle')
          await page.screenshot({ path: path.join(to, name) })
        }
        await close()
      }
    }
  }
  await closeBrowser()
  await server.stop()
  await peer[Symbol.asyncDispose]()
  console.log(`pictures in ${to}`)
}
