import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { bundleClient } from '../../infra/build/client.ts'
import { browserTest, twoPhones } from './support/board.ts'
import { endpoint } from './support/facts.ts'
import { closeBrowser, openPage } from './support/page.ts'
import { startPeer } from './support/peer.ts'
import { serveFolder } from './support/static-server.ts'

/** The example of the repository beside the client that `npm run build:client` builds. */
let folder: string
let server: Awaited<ReturnType<typeof serveFolder>>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'example-'))
  await mkdir(join(folder, 'examples'))
  await mkdir(join(folder, 'dist/client'), { recursive: true })
  await copyFile('examples/presence.html', join(folder, 'examples/presence.html'))
  await writeFile(join(folder, 'dist/client/index.js'), await bundleClient(process.cwd(), 'index'))
  // Chromium requests it from every server.
  await writeFile(join(folder, 'favicon.ico'), '')
  server = await serveFolder(folder)
})
afterAll(async () => {
  await closeBrowser()
  await server?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

browserTest(
  'the presence example shows each phone and its changes, marks stale data and reconnects after a lost connection',
  async () => {
    const peer = await startPeer()
    twoPhones(peer)
    const lamp = { endpoint: 'Custom/DND60', technology: 'Custom', resource: 'DND60' }
    peer.endpoints.set('Custom/DND60', endpoint('DND60', 'INUSE', lamp))
    const fragment = encodeURIComponent(`${peer.apiUrl} ${peer.site} ${peer.key}`)
    const opened = await openPage(`${server.url}examples/presence.html#${fragment}`)
    onTestFinished(async () => {
      await opened.close()
      await peer[Symbol.asyncDispose]()
    })
    const { page } = opened
    const rows = () => page.locator('tr').evaluateAll((all) => all.map((row) => row.textContent))
    const state = (number: string) => page.locator('tr', { hasText: number }).locator('td').nth(2).textContent()
    await expect.poll(() => page.locator('#status').textContent()).toBe('connected')
    await expect
      .poll(rows)
      .toEqual([expect.stringMatching(/Z5860NOT_INUSE$/), expect.stringMatching(/Z5861NOT_INUSE$/)])
    peer.push('endpoints', [endpoint('5861', 'RINGING', { number: '61' })])
    await expect.poll(() => state('61')).toBe('RINGING')
    peer.say({ type: 'heard', lastHeard: peer.lastHeard, stale: true })
    await expect.poll(() => page.locator('#phones').getAttribute('class')).toBe('stale')
    peer.endpoints.set('PJSIP/5860', endpoint('5860', 'INUSE'))
    peer.drop()
    await expect.poll(() => state('5860')).toBe('INUSE')
    expect([...opened.hosts]).toEqual(['127.0.0.1'])
    expect(opened.consoleErrors).toEqual([])
  },
)
