import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { CallResult } from '../../contracts/call-result.ts'
import { browserTest, openBoard, useDashboard } from './support/board.ts'
import { call, endedCall, endpoint, party, queueCaller, queueMember, queuePart } from './support/facts.ts'
import { openPage } from './support/page.ts'
import type { Peer } from './support/peer.ts'

const dashboard = useDashboard()
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** Runs axe with the rules of WCAG 2.2 A and AA and its best practices; returns each violation as `rule: element`. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axePath, 'utf8'))
  const results = (await page.evaluate('axe.run()')) as AxeResults
  expect(results.passes.length).toBeGreaterThan(10)
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/** Fills the board with every state, every kind of row, long names and a number that is too long for its column. */
function everything(peer: Peer): void {
  const states = ['NOT_INUSE', 'RINGING', 'INUSE', 'ONHOLD', 'BUSY', 'UNAVAILABLE', 'UNKNOWN', 'RINGINUSE']
  states.forEach((state, n) => {
    peer.endpoints.set(`PJSIP/586${n}`, endpoint(`586${n}`, state, { since: '2026-11-01T08:00:00.000Z' }))
  })
  const long = 'a-trunk-with-a-long-name-and-no-space-in-it'
  peer.endpoints.set(`PJSIP/${long}`, endpoint(long, 'INUSE'))
  const callees = [party('61', 'Workshop behind the old warehouse', '5861'), party('62', 'Second', '5862')]
  peer.calls.set(
    '2.1',
    call('2.1', 'ringing', { callees, caller: party('+33123456789012345', 'Bartholomäus-Christophorus') }),
  )
  const head = queuePart('400', { part: 'queue', queue: '400', strategy: 'ringall' })
  const members = states.map((state, n) =>
    queueMember(`586${n}`, { state, ...(n > 5 && { paused: { reason: 'lunch' } }) }),
  )
  for (const part of [head, ...members, queueCaller(1, 65_000)]) peer.queues.set(part.id, part)
  peer.calls.set('2.2', call('2.2', 'answered', { answeredAt: '2026-11-24T01:00:00.000Z' }))
  peer.ended = CallResult.options.map((result, n) => {
    const dialled = n === 0 ? '+331234567890123456789012345' : '61'
    const times = { startedAt: '2026-11-01T08:00:00.000Z', durationSeconds: 36_000, talkSeconds: 35_999 }
    return endedCall(`1.${n}`, { result, dialled, ...times })
  })
}

async function openEverything(options: Parameters<typeof openBoard>[1] = {}) {
  const board = await openBoard(dashboard.url, { prepare: everything, more: { mode: 'replay' }, ...options })
  await board.connected()
  await board.page.locator('[data-linkedid="1.1"]').waitFor()
  board.peer.say({
    type: 'gap',
    from: new Date().toISOString(),
    to: new Date().toISOString(),
    reason: 'bridge restarted',
  })
  await board.page.getByText('may be missing').waitFor()
  return board
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 360]) {
    browserTest(
      `axe finds no violation on the board in ${colorScheme} colours in a window of ${width} px`,
      async () => {
        const { page } = await openEverything({ colorScheme, viewport: { width, height: 800 } })
        expect(await findings(page)).toEqual([])
      },
    )
  }

  browserTest(`axe finds no violation on the connect form with errors in ${colorScheme} colours`, async () => {
    const { page, close } = await openPage(dashboard.url, { colorScheme })
    onTestFinished(close)
    await page.getByRole('button', { name: 'Connect' }).click()
    await page.getByText('Fill in all three fields.').waitFor()
    expect(await findings(page)).toEqual([])
  })

  browserTest(`axe finds no violation on the message about a refused key in ${colorScheme} colours`, async () => {
    const { page } = await openBoard(dashboard.url, { colorScheme, more: { key: 'wrong' }, mayComplain: /401/ })
    await page.getByText('The cloud rejects this key').waitFor()
    expect(await findings(page)).toEqual([])
  })
}

for (const width of [360, 640, 1000, 1280, 1920]) {
  browserTest(`no element sticks out of a window that is ${width} px wide`, async () => {
    const { page } = await openEverything({ viewport: { width, height: 800 } })
    const sticksOut = await page.evaluate(() => {
      const right = document.documentElement.clientWidth
      return [...document.querySelectorAll('body *')]
        .filter((element) => !element.closest('.scroll table, .visually-hidden'))
        .filter((element) => element.getBoundingClientRect().right > right + 1)
        .map((element) => element.outerHTML.slice(0, 80))
    })
    expect(sticksOut).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
  })
}

browserTest('the Tab key reaches every control in order, each with a visible focus ring', async () => {
  const { page } = await openEverything()
  const reached: string[] = []
  for (let presses = 0; presses < 7; presses++) {
    await page.keyboard.press('Tab')
    const { name, outline } = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement
      return {
        name: element.getAttribute('aria-label') ?? element.innerText,
        outline: Number.parseFloat(getComputedStyle(element).outlineWidth),
      }
    })
    expect(outline).toBeGreaterThanOrEqual(2)
    reached.push(name)
  }
  const order = [
    'Change site',
    'Board',
    'Call log',
    'Marks',
    'Dismiss',
    'Show older calls',
    'State changes, scrollable',
  ]
  expect(reached).toEqual(order)
})

browserTest(
  'the board has one banner and one main landmark, one heading per section and one caption per table',
  async () => {
    const { page } = await openEverything()
    for (const role of ['banner', 'main'] as const) expect(await page.getByRole(role).count()).toBe(1)
    expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual([
      'Phones',
      'Last calls',
      'Live calls',
      'Queues',
      'State changes',
    ])
    expect(await page.locator('table').count()).toBe(2)
    expect(await page.locator('table > caption').count()).toBe(2)
  },
)

browserTest(
  'in a narrow window, where rows wrap to two lines, a screen reader still finds tables with all headers and cells',
  async () => {
    const { page } = await openEverything({ viewport: { width: 360, height: 800 } })
    const devTools = await page.context().newCDPSession(page)
    const { nodes } = await devTools.send('Accessibility.getFullAXTree')
    const count = (role: string) => nodes.filter((node) => !node.ignored && node.role?.value === role).length
    const states = await page.locator('.state-table tbody tr').count()
    expect(count('columnheader')).toBe(6 + 3)
    expect(count('cell')).toBe(4 * 6 + states * 3)
  },
)

browserTest('the bell of a ringing phone is not animated if the user prefers reduced motion', async () => {
  const { page } = await openEverything({ reducedMotion: 'reduce' })
  const animation = (element: Element) => getComputedStyle(element).animationName
  expect(await page.locator('[data-endpoint="PJSIP/5861"] .badge .icon').evaluate(animation)).toBe('none')
})
