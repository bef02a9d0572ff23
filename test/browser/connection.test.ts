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

browserTest('says why the cloud refuses the key and asks for another one, at the address that was wanted', async () => {
  const { page, peer, phone } = await openBoard(`${dashboard.url}board?state=available`, {
    more: { key: 'wrong' },
    mayComplain: /status of 401/,
  })
  await page.getByText('The cloud refuses this key. The key is not known.').waitFor()
  expect(await page.getByText('Loading').count()).toBe(0)
  await page.getByRole('button', { name: 'Sign in' }).click()
  const dialog = page.getByRole('dialog', { name: 'Sign in again' })
  expect(await dialog.getByLabel('Site').inputValue()).toBe('demo')
  await dialog.getByLabel('API key').fill(peer.key)
  await dialog.getByRole('button', { name: 'Connect' }).click()
  await phone('5860').waitFor()
  expect(new URL(page.url()).search).toBe('?state=available')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to a site' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Sign in to a site' }).waitFor()
})

browserTest('a session that ends in the middle of a form loses nothing that was typed', async () => {
  const { page, peer, phone, connected } = await openBoard(dashboard.url, {
    mayComplain: /status of 401/,
    prepare(peer) {
      twoPhones(peer)
      peer.scopes = [...peer.scopes, 'calls:write', 'forwards:write']
    },
  })
  await connected()
  await phone('5861').click()
  await page.getByRole('button', { name: 'Set: Forward all calls' }).click()
  await page.getByLabel('Forward all calls: to number').fill('0612489033')
  peer.refusal = { status: 401, errorId: 'key-invalid', detail: 'The key is revoked.' }
  peer.drop()
  await page.getByText('The cloud refuses this key. The key is revoked.').waitFor()
  peer.refusal = undefined
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('dialog').getByLabel('API key').fill(peer.key)
  await page.getByRole('dialog').getByRole('button', { name: 'Connect' }).click()
  await connected()
  expect(await page.getByLabel('Forward all calls: to number').inputValue()).toBe('0612489033')
})

browserTest('shows the error while the cloud answers 503, and loads the last calls once it is back', async () => {
  const refusal = { status: 503, errorId: 'cloud-down', detail: 'The cloud is being repaired.' }
  const { page, peer, connected } = await openBoard(dashboard.url, {
    mayComplain: /status of (503|429)/,
    prepare(peer) {
      twoPhones(peer)
      peer.refusal = refusal
    },
  })
  await page.getByText('The cloud does not answer. The cloud is being repaired.').waitFor()
  peer.refusal = { ...refusal, status: 429, detail: 'Too many requests.', only: 'GET calls' }
  await connected()
  await page.getByText('The last calls could not be read. Too many requests.').waitFor()
  peer.refusal = undefined
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.locator('[data-linkedid="1.1"]').waitFor()
})

browserTest('the sign-in form asks for address, site and key and works by keyboard alone', async () => {
  const peer = await startPeer()
  twoPhones(peer)
  const { page, consoleErrors, close } = await openPage(dashboard.url)
  onTestFinished(async () => {
    await close()
    await peer[Symbol.asyncDispose]()
  })
  const focused = () => page.evaluate(() => (document.activeElement as HTMLInputElement).name)
  await page.getByLabel('API address').focus()
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

browserTest('a board token opens the wall screen and requests only tickets from the API', async () => {
  const peer = await startPeer()
  onTestFinished(() => peer[Symbol.asyncDispose]())
  twoPhones(peer)
  peer.scopes = ['presence:read']
  peer.endpoints.set('PJSIP/5862', endpoint('5862', 'RINGING', { number: '62', name: '…' }))
  const fragment = new URLSearchParams({ api: peer.apiUrl, site: peer.site, key: peer.boardToken })
  const { page, consoleErrors, close } = await openPage(`${dashboard.url}#${fragment}`)
  onTestFinished(close)
  await page.locator('[data-connection="connected"]').waitFor()
  expect(await page.locator('[data-endpoint="PJSIP/5862"]').innerText()).toMatch(/62\s+Ringing\s+0:\d\d/)
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('demo')
  expect(await page.getByRole('definition').first().innerText()).toMatch(/^0/)
  expect(page.url()).toBe(dashboard.url)
  expect(new Set(peer.requests)).toEqual(new Set(['POST /v1/boards/tickets']))
  expect(consoleErrors).toEqual([])
})
