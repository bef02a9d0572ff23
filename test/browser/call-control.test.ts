import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import { expect } from 'vitest'
import { until } from '../support/until.ts'
import { browserTest, openBoard, twoPhones, useDashboard } from './support/board.ts'
import { call, endpoint } from './support/facts.ts'
import type { Peer } from './support/peer.ts'

const dashboard = useDashboard()
const scopes = ['presence:read', 'calls:read', 'calls:write', 'forwards:write']
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
  peer.scopes = scopes
}

async function openPhone(prepare: (peer: Peer) => void, resource = '5861') {
  const board = await openBoard(dashboard.url, { prepare, mayComplain })
  await board.connected()
  await board.phone(resource).getByRole('button').click()
  return { ...board, dialog: board.page.getByRole('dialog') }
}

browserTest(
  'the dialog of a clicked phone calls it from the chosen phone, shows the progress of the call and hangs it up',
  async () => {
    const { peer, page, dialog, phone } = await openPhone((to) => {
      mayAll(to)
      to.scripted.set('POST calls', [placed('queued')])
      to.scripted.set(`GET calls/${id}`, [
        placed('ringing-caller', {}, 200),
        placed('answered', {}, 200),
        placed('ended', { result: 'answered' }, 200),
      ])
      to.scripted.set(`DELETE calls/${id}`, [placed('answered')])
    })
    await dialog.getByLabel('Phone that rings first').selectOption('PJSIP/5860')
    expect(await dialog.getByLabel('Number to call').inputValue()).toBe('5861')
    await dialog.getByRole('button', { name: 'Call', exact: true }).click()
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
    // The dialog remembers the chosen phone; Escape closes it and returns the focus.
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await phone('5860').getByRole('button').press('Enter')
    expect(await dialog.getByLabel('Phone that rings first').inputValue()).toBe('PJSIP/5860')
  },
)

browserTest(
  'if the answer to a call request is lost, the page sends it again with the same idempotency key',
  async () => {
    const { peer, dialog } = await openPhone((to) => {
      mayAll(to)
      to.scripted.set('POST calls', [{ status: 0, body: {} }, placed('ended', { result: 'busy' })])
    })
    await dialog.getByLabel('Number to call').fill('60')
    await dialog.getByRole('button', { name: 'Call', exact: true }).dblclick()
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
  [409, 'caller-offline', 'The phone that rings first is not registered: switch it on.', {}],
  [403, 'dial-emergency', 'Emergency numbers cannot be called from here. Dial them on a phone now.', {}],
  [429, 'call-cap-minute', 'Too many calls in this minute. Try again in 30 s.', { 'retry-after': '30' }],
  [400, 'input-invalid', 'to: no number that can be dialled', {}],
] as const)(
  'explains in a sentence why a call was refused with status %s and errorId %s',
  async (status, errorId, words, headers) => {
    const { dialog } = await openPhone((to) => {
      mayAll(to)
      to.scripted.set('POST calls', [problem(status, errorId, 'to: no number that can be dialled', headers)])
    })
    await dialog.getByLabel('Number to call').fill('60')
    await dialog.getByRole('button', { name: 'Call', exact: true }).click()
    expect(await dialog.getByRole('alert').innerText()).toBe(words)
  },
)

browserTest(
  'the phone dialog sets and clears a forward and do-not-disturb, explains a loop, and shows what the PBX confirmed',
  async () => {
    const { peer, dialog } = await openPhone((to) => {
      mayAll(to)
      const loop = problem(409, 'forward-loop', 'Calls would go round: 5861 → 5860 → 5861.')
      to.scripted.set('PUT extensions/5861/forward', [loop, { status: 200, body: { extension: '5861' } }])
      to.scripted.set('DELETE extensions/5861/forward', [{ status: 200, body: { extension: '5861' } }])
      to.scripted.set('PUT extensions/5861/dnd', [{ status: 202, body: { extension: '5861', dnd: true } }])
      to.scripted.set('DELETE extensions/5861/dnd', [{ status: 200, body: { extension: '5861', dnd: false } }])
    })
    const since = new Date().toISOString()
    await dialog.getByLabel('Which calls').selectOption('busy')
    await dialog.getByLabel('Forward to').fill('5860')
    await dialog.getByRole('button', { name: 'Forward', exact: true }).click()
    await dialog.getByText('Calls would go round: 5861 → 5860 → 5861.').waitFor()
    await dialog.getByRole('button', { name: 'Forward', exact: true }).click()
    await dialog.getByText('Done.').waitFor()
    expect(await dialog.getByRole('alert').count()).toBe(0)
    peer.push('endpoints', [endpoint('5861', 'NOT_INUSE', { forwardBusy: { target: '5860', since } })])
    await dialog.getByText('When busy: to 5860').waitFor()
    await dialog.getByRole('button', { name: 'Clear: When busy' }).click()
    await until('the clearing', async () => peer.controlled.some(({ what }) => what.endsWith('forward?when=busy')))
    const quiet = dialog.getByRole('button', { name: 'Do not disturb' })
    await quiet.click()
    await dialog.getByText('the PBX has not confirmed it yet').waitFor()
    peer.push('endpoints', [endpoint('5861', 'NOT_INUSE', { dnd: { since } })])
    await dialog.getByText('On: the phone does not ring.').waitFor()
    expect(await quiet.getAttribute('aria-pressed')).toBe('true')
    await quiet.click()
    await until('the end of it', async () => peer.controlled.at(-1)?.what === 'DELETE extensions/5861/dnd')
    expect(peer.controlled[0]).toMatchObject({ body: { target: '5860', when: 'busy' } })
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

browserTest('shows only the buttons that the scopes of the key allow', async () => {
  const none = await openBoard(dashboard.url, {
    prepare: (to) => {
      twoPhones(to)
      to.calls.set('1.1', call('1.1', 'answered'))
      to.scopes = ['presence:read', 'calls:read']
    },
  })
  await none.connected()
  expect(await none.page.locator('main').getByRole('button').allInnerTexts()).toEqual([])
  const { dialog } = await openPhone((to) => {
    twoPhones(to)
    to.scopes = ['presence:read', 'forwards:write']
  })
  await dialog.getByText('Calls are not forwarded.').waitFor()
  expect(await dialog.getByLabel('Number to call').count()).toBe(0)
})

for (const colorScheme of ['light', 'dark'] as const) {
  browserTest(
    `axe finds no violation in the dialog of a phone in ${colorScheme} colours in a window of 360 px`,
    async () => {
      const board = await openBoard(dashboard.url, {
        colorScheme,
        viewport: { width: 360, height: 800 },
        mayComplain,
        prepare: (to) => {
          mayAll(to)
          to.calls.set('1.1', call('1.1', 'answered'))
          to.scripted.set('POST calls', [problem(409, 'caller-offline', '')])
          const since = new Date().toISOString()
          const more = { dnd: { since }, forward: { target: '5860', since } }
          to.endpoints.set('PJSIP/5861', endpoint('5861', 'NOT_INUSE', more))
        },
      })
      const { page, connected, phone } = board
      await connected()
      const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
      const findings = async () => {
        const { violations } = (await page.evaluate('axe.run()')) as AxeResults
        return violations.flatMap(({ id: rule, nodes }) => nodes.map(({ html }) => `${rule}: ${html}`))
      }
      await page.evaluate(axe)
      expect(await findings()).toEqual([])
      await phone('5861').getByRole('button').click()
      await page.getByLabel('Number to call').fill('60')
      await page.getByRole('button', { name: 'Call', exact: true }).click()
      await page.getByRole('alert').waitFor()
      expect(await findings()).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    },
  )
}
