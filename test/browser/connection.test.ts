import { expect, onTestFinished } from 'vitest'
import { browserTest, openBoard, twoPhones, useDashboard } from './support/board.ts'
import { endpoint } from './support/facts.ts'
import { openPage } from './support/page.ts'
import { startPeer } from './support/peer.ts'

const dashboard = useDashboard()

browserTest('removes the key from the address bar, and still connects with it after a reload', async () => {
  const { page, peer, connected } = await openBoard(dashboard.url)
  await connected()
  expect(page.url()).toBe(dashboard.url)
  expect(await page.content()).not.toContain(peer.key)
  await page.reload()
  await connected()
})

browserTest('reconnects after the socket is cut and shows what changed meanwhile', async () => {
  const { page, peer, phone, connected } = await openBoard(dashboard.url)
  await connected()
  peer.endpoints.set('PJSIP/5861', endpoint('5861', 'INUSE'))
  const seen = page.locator('[data-connection="reconnecting"]').waitFor()
  peer.drop()
  await seen
  await connected()
  await phone('5861').getByText('On call').waitFor()
  expect(peer.ticketsUsed).toHaveLength(2)
  peer.push('endpoints', [endpoint('5861', 'NOT_INUSE')])
  await phone('5861').getByText('Available').waitFor()
})

browserTest('says that the browser is offline, and reconnects as soon as it is online', async () => {
  const { page, peer, connected, connection } = await openBoard(dashboard.url, {
    mayComplain: /ERR_INTERNET_DISCONNECTED/,
  })
  await connected()
  await page.context().setOffline(true)
  peer.drop()
  await page.locator('[data-connection="offline"]').waitFor()
  expect(await connection.innerText()).toMatch(/^Offline since \d/)
  await page.context().setOffline(false)
  await connected()
})

browserTest('says why the cloud refuses the key, and offers to change the site', async () => {
  const { page } = await openBoard(dashboard.url, { more: { key: 'wrong' }, mayComplain: /status of 401/ })
  await page.locator('[data-connection="refused"]').waitFor()
  await page.getByText('The cloud rejects this key for this site. The key is not known.').waitFor()
  await page.getByText('The call log could not be loaded. The key is not known.').waitFor()
  await page.getByRole('button', { name: 'Change site' }).click()
  await page.getByRole('heading', { name: 'Connect to a site' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Connect to a site' }).waitFor()
})

browserTest(
  'shows the error while the cloud answers 503, and loads the call log when the user tries again',
  async () => {
    const refusal = { status: 503, errorId: 'cloud-down', detail: 'The cloud is being repaired.' }
    const { page, peer, connected } = await openBoard(dashboard.url, {
      mayComplain: /status of 503/,
      prepare(peer) {
        twoPhones(peer)
        peer.refusal = refusal
      },
    })
    await page.getByText('The cloud is being repaired. What is shown may be out of date.').waitFor()
    await page.getByText('The call log could not be loaded. The cloud is being repaired.').waitFor()
    // Without a ticket the page stays disconnected, so that only the button can load the call log.
    peer.refusal = { ...refusal, only: 'POST tickets' }
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.locator('[data-linkedid="1.1"]').waitFor()
    peer.refusal = undefined
    await connected()
  },
)

browserTest('the connect form asks for address, site and key and works by keyboard alone', async () => {
  const peer = await startPeer()
  twoPhones(peer)
  const { page, consoleErrors, close } = await openPage(dashboard.url)
  onTestFinished(async () => {
    await close()
    await peer[Symbol.asyncDispose]()
  })
  const focused = () => page.evaluate(() => (document.activeElement as HTMLInputElement).name)
  await page.keyboard.press('Tab')
  expect(await focused()).toBe('apiUrl')
  await page.keyboard.type('127.0.0.1')
  await page.keyboard.press('Tab')
  await page.keyboard.type(peer.site)
  await page.keyboard.press('Enter')
  await page.getByText('Fill in all three fields.').waitFor()
  expect(await focused()).toBe('key')
  await page.keyboard.type(peer.key)
  await page.keyboard.press('Enter')
  await page.getByText('Enter the whole address').waitFor()
  expect(await focused()).toBe('apiUrl')
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type(peer.apiUrl)
  await page.keyboard.press('Enter')
  await page.locator('[data-connection="connected"]').waitFor()
  expect(consoleErrors).toEqual([])
})

browserTest(
  'with a board token, the page shows phones and live calls but no call log, and requests only tickets from the API',
  async () => {
    const peer = await startPeer()
    onTestFinished(() => peer[Symbol.asyncDispose]())
    twoPhones(peer)
    const fragment = new URLSearchParams({ api: peer.apiUrl, site: peer.site, key: peer.boardToken })
    const { page, consoleErrors, close } = await openPage(`${dashboard.url}#${fragment}`)
    onTestFinished(close)
    await page.locator('[data-connection="connected"]').waitFor()
    await page.getByText('Available').first().waitFor()
    expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual([
      'Phones',
      'Live calls',
      'State changes',
    ])
    expect(await page.getByRole('button', { name: 'Call log' }).count()).toBe(0)
    expect(page.url()).toBe(dashboard.url)
    expect(new Set(peer.requests)).toEqual(new Set(['POST /v1/boards/tickets']))
    expect(consoleErrors).toEqual([])
  },
)
