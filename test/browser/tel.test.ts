import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { until } from '../support/until.ts'
import { browserTest } from './support/board.ts'
import { closeBrowser, hasChromium, openPage } from './support/page.ts'
import { type Peer, startPeer } from './support/peer.ts'

/**
 * Goal: a `tel:` link places one call, which the example's server requests with its own key, and the page shows the result.
 * Method: the example as a user starts it, its page in a real browser, and a scripted API behind it.
 */
let peer: Peer
let url: string
let server: ReturnType<typeof spawn>
beforeAll(async () => {
  peer = await startPeer()
  const env = {
    SWITCHHOOK_API: peer.apiUrl,
    SWITCHHOOK_SITE: peer.site,
    SWITCHHOOK_KEY: peer.key,
    SWITCHHOOK_PHONE: 'PJSIP/5860',
    PORT: '0',
  }
  const child = spawn(process.execPath, ['examples/click-to-call.mjs'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  server = child
  const [line] = await once(child.stdout, 'data')
  url = String(line).trim()
})
afterAll(async () => {
  await closeBrowser()
  const closed = server && once(server, 'close')
  server?.kill()
  await closed
  await peer?.[Symbol.asyncDispose]()
})

const id = 'sh-1795500000.0000000001'
const call = (state: string, more: object = {}) => ({ status: 202, body: { call: id, state, ...more } })
const problem = (status: number, errorId: string, detail: string) => ({ status, body: { errorId, detail, status } })

/** Opens the page as the browser does for a `tel:` link: at the address that the page registered for it. */
async function follow(link: string, scripted: Record<string, Parameters<Peer['scripted']['set']>[1]>) {
  peer.scripted.clear()
  peer.controlled.length = 0
  for (const [what, answers] of Object.entries(scripted)) peer.scripted.set(what, answers)
  const opened = await openPage(url)
  onTestFinished(opened.close)
  const { page } = opened
  await page.evaluate(() => {
    navigator.registerProtocolHandler = (scheme: string, address: string | URL) => {
      document.title = `${scheme} ${address}`
    }
  })
  await page.getByRole('button', { name: 'Open tel: links of this browser with this page' }).click()
  const [scheme, address = ''] = (await page.title()).split(' ')
  expect(scheme).toBe('tel')
  await page.goto(address.replace('%s', encodeURIComponent(link)))
  return {
    ...opened,
    number: page.getByLabel('Number'),
    button: page.getByRole('button', { name: 'Call', exact: true }),
    says: async () => page.getByRole('status').textContent(),
  }
}

browserTest(
  'a tel: link fills in the number, and each click places one call with an idempotency key of its own',
  async () => {
    const { page, number, button, says } = await follow('tel:+33-4-79-00-00-60', {
      'POST calls': [call('queued')],
      [`GET calls/${id}`]: [call('ringing-caller'), call('answered'), call('ended', { result: 'answered' })],
    })
    expect(await number.inputValue()).toBe('+33-4-79-00-00-60')
    // Anyone can make a link to this page, so it dials nothing before a click.
    expect(peer.controlled).toEqual([])
    await button.click()
    // The third answer has the end of the call.
    await until('its end', async () => peer.controlled.length === 4)
    await until('its result', async () => (await says()) === 'answered')
    const [first, ...waits] = peer.controlled
    expect(first).toMatchObject({ what: 'POST calls', body: { from: 'PJSIP/5860', to: '+33-4-79-00-00-60' } })
    expect(first?.key).toMatch(/^[0-9a-f-]{20,}$/)
    expect(waits.map(({ what }) => what)).toEqual(Array(3).fill(`GET calls/${id}?wait=25`))
    // A second click is a second call.
    await button.click()
    await until('the second call', async () => peer.controlled.filter(({ what }) => what === 'POST calls').length === 2)
    const keys = peer.controlled.flatMap(({ what, key }) => (what === 'POST calls' ? [key] : []))
    expect(new Set(keys).size).toBe(2)
    expect(await page.content()).not.toContain(peer.key)
  },
)

browserTest(
  'if the answer to a call request is lost, the page sends it again with the same idempotency key',
  async () => {
    const { button, says } = await follow('tel:60', {
      'POST calls': [{ status: 0, body: {} }, call('ended', { result: 'busy' })],
    })
    await button.dblclick()
    await until('its result', async () => (await says()) === 'busy')
    const keys = peer.controlled.map(({ key }) => key)
    expect(keys.length).toBeGreaterThan(1)
    expect(new Set(keys).size).toBe(1)
  },
)

browserTest('the hang-up button ends a call that still rings', async () => {
  const { page, button, says } = await follow('tel:60', {
    'POST calls': [call('queued')],
    [`GET calls/${id}`]: [call('ringing-caller')],
    [`DELETE calls/${id}`]: [call('ringing-caller')],
  })
  await button.click()
  await page.getByRole('button', { name: 'Hang up' }).click()
  await until('it to be asked', async () => peer.controlled.some(({ what }) => what === `DELETE calls/${id}`))
  peer.scripted.set(`GET calls/${id}`, [call('ended', { result: 'cancelled' })])
  await until('its result', async () => (await says()) === 'cancelled')
})

test.runIf(hasChromium || process.env['CI']).each([
  [403, 'dial-international', 'The rules of this site or key deny international numbers.'],
  [409, 'caller-offline', 'The calling phone is not registered; switch it on.'],
  [429, 'call-cap-minute', 'Site or key may not place more calls by API for now.'],
  [503, 'pbx-unreachable', 'The bridge of this site does not reach its PBX.'],
] as const)(
  'shows the detail of a call refused with %i %s, and enables the call button again',
  async (status, errorId, detail) => {
    const { button, says } = await follow('tel:+12423651234', { 'POST calls': [problem(status, errorId, detail)] })
    await button.click()
    await until('its words', async () => (await says()) === detail)
    await until('the button', () => button.isEnabled())
    expect(peer.controlled.length).toBe(1)
  },
)
