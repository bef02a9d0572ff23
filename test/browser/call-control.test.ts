import { expect } from 'vitest'
import { until } from '../support/until.ts'
import { browserTest, openBoard, twoPhones, useDashboard } from './support/board.ts'
import { call, endpoint } from './support/facts.ts'
import type { Peer } from './support/peer.ts'

const dashboard = useDashboard()
const id = 'sh-1795500000.0000000001'
const placed = (state: string, more: object = {}, status = 202) => ({
  status,
  body: { ...call(id, 'dialling').state, state, ...more },
})
const problem = (status: number, errorId: string, detail: string, headers: Record<string, string> = {}) => ({
  status,
  body: { type: 'about:blank', title: errorId, errorId, detail, status },
  headers,
})
/** Chromium logs an error for each response with an error status and for each cut connection. */
const mayComplain = /Failed to load resource/

function mayAll(peer: Peer): void {
  twoPhones(peer)
  peer.scopes = [...peer.scopes, 'calls:write', 'forwards:write']
}

/** Opens the call dialog by its key. */
async function openDialog(prepare: (peer: Peer) => void) {
  const board = await openBoard(dashboard.url, { prepare, mayComplain })
  await board.connected()
  await board.page.keyboard.press('c')
  const dialog = board.page.getByRole('dialog', { name: 'Call' })
  await dialog.waitFor()
  return { ...board, dialog }
}

browserTest(
  'C opens the call dialog with the focus in the number; the chosen phone rings, the call is followed and hung up',
  async () => {
    const { peer, page, dialog } = await openDialog((to) => {
      mayAll(to)
      to.endpoints.set('PJSIP/5861', endpoint('5861', 'NOT_INUSE', { name: 'Workshop' }))
      to.scripted.set('POST calls', [placed('queued')])
      to.scripted.set(`GET calls/${id}`, [
        placed('ringing-caller', {}, 200),
        placed('answered', {}, 200),
        placed('ended', { result: 'answered' }, 200),
      ])
      to.scripted.set(`DELETE calls/${id}`, [placed('answered')])
    })
    await page.keyboard.type('worksh')
    await dialog.getByText('Workshop, 5861').waitFor()
    await dialog.getByLabel('Rings first').selectOption('PJSIP/5860')
    await page.keyboard.press('Enter')
    await dialog.getByRole('button', { name: 'Hang up' }).click()
    await dialog.getByText('Ended: Answered').waitFor()
    expect(peer.controlled.map(({ what }) => what)).toEqual([
      'POST calls',
      `GET calls/${id}?wait=25`,
      `GET calls/${id}?wait=25`,
      `DELETE calls/${id}`,
      `GET calls/${id}?wait=25`,
    ])
    expect(peer.controlled[0]).toMatchObject({ body: { from: 'PJSIP/5860', to: '5861' } })
    // The dialog remembers the chosen phone.
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('c')
    expect(await dialog.getByLabel('Rings first').inputValue()).toBe('PJSIP/5860')
  },
)

browserTest(
  'if the answer to a call request is lost, the page sends it again with the same idempotency key',
  async () => {
    const { peer, dialog } = await openDialog((to) => {
      mayAll(to)
      to.scripted.set('POST calls', [{ status: 0, body: {} }, placed('ended', { result: 'busy' })])
    })
    await dialog.getByLabel('Number or name').fill('60')
    await dialog.getByRole('button', { name: 'Call' }).dblclick()
    await dialog.getByText('Ended: Busy').waitFor()
    const keys = peer.controlled.map(({ key }) => key)
    expect(keys.length).toBeGreaterThan(1)
    expect(new Set(keys).size).toBe(1)
  },
)

browserTest.each([
  [
    503,
    'bridge-offline',
    'The bridge beside the PBX is not connected, so nothing was dialled or changed. Try again in 15 s.',
    { 'retry-after': '15' },
  ],
  [403, 'dial-emergency', 'Emergency numbers cannot be called from here. Dial them on a phone now.', {}],
  [429, 'call-cap-minute', 'Too many calls in this minute. Try again in 30 s.', { 'retry-after': '30' }],
  [400, 'input-invalid', 'to: no number that can be dialled', {}],
] as const)(
  'explains in a sentence why a call was refused with status %s and errorId %s',
  async (status, errorId, words, headers) => {
    const { dialog } = await openDialog((to) => {
      mayAll(to)
      to.scripted.set('POST calls', [problem(status, errorId, 'to: no number that can be dialled', headers)])
    })
    await dialog.getByLabel('Number or name').fill('60')
    await dialog.getByRole('button', { name: 'Call' }).click()
    expect(await dialog.getByRole('alert').innerText()).toBe(words)
    expect(await dialog.getByLabel('Number or name').inputValue()).toBe('60')
  },
)

browserTest(
  'an extension sets and clears a forward and do-not-disturb, explains a loop, offers to undo, and shows what the PBX confirmed',
  async () => {
    const { peer, page, phone, connected } = await openBoard(dashboard.url, {
      mayComplain,
      prepare: (to) => {
        mayAll(to)
        const loop = problem(409, 'forward-loop', 'Calls would go round: 5861 → 5860 → 5861.')
        to.scripted.set('PUT extensions/5861/forward', [loop, { status: 200, body: { extension: '5861' } }])
        to.scripted.set('DELETE extensions/5861/forward', [{ status: 200, body: { extension: '5861' } }])
        to.scripted.set('PUT extensions/5861/dnd', [{ status: 202, body: { extension: '5861', dnd: true } }])
        to.scripted.set('DELETE extensions/5861/dnd', [{ status: 200, body: { extension: '5861', dnd: false } }])
      },
    })
    await connected()
    await phone('5861').click()
    expect(new URL(page.url()).pathname).toBe('/board/5861')
    const drawer = page.getByRole('region', { name: '5861' })
    const since = new Date().toISOString()
    await drawer.getByRole('button', { name: 'Set: Forward when busy' }).click()
    await page.keyboard.type('5860')
    await page.keyboard.press('Enter')
    await drawer.getByText('Calls would go round: 5861 → 5860 → 5861.').first().waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('5861: Forward when busy to 5860.').waitFor()
    peer.push('endpoints', [endpoint('5861', 'NOT_INUSE', { forwardBusy: { target: '5860', since } })])
    await drawer.getByText('To 5860').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await until('the undoing', async () => peer.controlled.some(({ what }) => what.endsWith('forward?when=busy')))
    const quiet = drawer.getByRole('switch', { name: 'Do not disturb' })
    await quiet.click()
    await drawer.getByText('the PBX has not confirmed it yet', { exact: false }).waitFor()
    expect(await quiet.getAttribute('aria-checked')).toBe('false')
    peer.push('endpoints', [endpoint('5861', 'NOT_INUSE', { dnd: { since } })])
    await drawer.getByText('On: the phone does not ring.').waitFor()
    expect(await quiet.getAttribute('aria-checked')).toBe('true')
    await quiet.click()
    await until('the end of it', async () => peer.controlled.at(-1)?.what === 'DELETE extensions/5861/dnd')
    expect(peer.controlled[0]).toMatchObject({ body: { target: '5860', when: 'busy' } })
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    expect(new URL(page.url()).pathname).toBe('/board')
  },
)

browserTest(
  'the hang-up button of a live call sends a DELETE request, and the board says if the call has already ended',
  async () => {
    const { peer, page } = await openBoard(dashboard.url, {
      mayComplain,
      prepare: (to) => {
        mayAll(to)
        to.calls.set('1.1', call('1.1', 'answered'))
        to.scripted.set('DELETE calls/1.1', [problem(404, 'call-unknown', '')])
      },
    })
    await page.locator('[data-call="1.1"]').getByRole('button', { name: 'Hang up' }).click()
    await page.getByRole('alert').getByText('This call has already ended.').waitFor()
    expect(peer.controlled.map(({ what }) => what)).toEqual(['DELETE calls/1.1'])
  },
)

browserTest('offers only the pages and controls that the scopes of the key allow', async () => {
  const { page, phone, connected } = await openBoard(dashboard.url, {
    prepare: (to) => {
      twoPhones(to)
      to.calls.set('1.1', call('1.1', 'answered'))
      to.scopes = ['presence:read']
      to.endpoints.set('PJSIP/5860', endpoint('5860', 'NOT_INUSE', { name: '…' }))
    },
  })
  await connected()
  await page.getByText('This key does not show names and outside numbers').waitFor()
  const menu = page.getByRole('navigation', { name: 'Pages' })
  expect((await menu.innerText()).split(/\s+/)).toEqual(['Board', '1', 'Extensions', 'System', 'Wall'])
  await phone('5861').click()
  await page.getByRole('heading', { name: 'Devices' }).waitFor()
  const names = await page.locator('main').getByRole('button').allInnerTexts()
  expect(names.filter((name) => /Call|Hang|Set|Change/.test(name))).toEqual([])
  expect(await page.locator('main').getByRole('switch').count()).toBe(0)
  await page.keyboard.press('c')
  expect(await page.getByRole('dialog').count()).toBe(0)
  // A page that the key may not open is not shown by its address either.
  await page.goto(`${dashboard.url}settings/keys`)
  await page.getByRole('heading', { level: 1, name: 'Board' }).waitFor()
})
