import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { browserTest, openBoard, useDashboard } from './support/board.ts'
import { openPage } from './support/page.ts'
import { sampleSite } from './support/sample-site.ts'

/**
 * Goal: nobody is kept out: no violation of axe's rules on any page and state, nothing outside of a narrow window, and every
 * control by keyboard.
 * Method: a made-up site with something in every place; the pages are visited one after the other in one browser.
 */
const dashboard = useDashboard()
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** Runs axe with the rules of WCAG 2.2 A and AA and its best practices; returns each violation as `rule: element`. */
async function findings(page: Page, runOnly = ''): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(await readFile(axePath, 'utf8'))
  const results = (await page.evaluate(`axe.run(${runOnly})`)) as AxeResults
  expect(results.passes.length).toBeGreaterThan(0)
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

type Visited = Pick<Awaited<ReturnType<typeof openBoard>>, 'page' | 'peer'>

/** An address, and an element that is there once it is drawn. */
const pages = [
  ['/board', '.tile'],
  ['/board/113', '.drawer .last-calls, .drawer .note'],
  ['/board?density=dense', '.line'],
  ['/board?q=nobody', '.empty'],
  ['/calls', '.call-table'],
  ['/calls/1.898', '.time-line li'],
  ['/stats', '.heat'],
  ['/extensions', '.extension-table'],
  ['/system', '.calendar'],
  ['/webhooks/w1', '.deliveries'],
  ['/settings/site', 'form'],
  ['/settings/dial', 'form'],
  ['/settings/keys', 'td'],
  ['/settings/audit', 'td'],
  ['/marks/2023015', '.sentence'],
  ['/marks/upload', 'input[type=file]'],
  ['/wall', '.wall-tiles'],
] as const

/** Goes to a page as a click on a link does. The bridge has just been heard, however long the pages before took. */
async function visit({ page, peer }: Visited, [address, selector]: readonly [string, string]): Promise<void> {
  peer.lastHeard = new Date().toISOString()
  peer.say({ type: 'heard', lastHeard: peer.lastHeard, stale: false })
  await page.evaluate((to) => {
    history.pushState(null, '', to)
    dispatchEvent(new PopStateEvent('popstate'))
  }, address)
  await page.locator(selector).first().waitFor()
  // A file of the page and its requests.
  await page.waitForLoadState('networkidle')
}

const looks = [
  ['light', 'en'],
  ['dark', 'fr'],
] as const
// A run of all tests looks at one of them, by its seed; this file alone at both.
const seed = process.env['TEST_SEED']
for (const [colorScheme, locale] of looks.filter((_, n) => seed === undefined || n === Number(seed) % looks.length)) {
  browserTest(`axe finds no violation on any page in ${colorScheme} colours and the language ${locale}`, async () => {
    const board = await openBoard(dashboard.url, {
      colorScheme,
      locale,
      // Colours are measured at once, and not on their way to another theme.
      reducedMotion: 'reduce',
      mayComplain: /status of (401|404)/,
      prepare: sampleSite,
      more: { mode: 'replay' },
    })
    const { page, peer, connected } = board
    await connected()
    for (const one of pages) {
      await visit(board, one)
      expect(await findings(page), one[0]).toEqual([])
      // The other theme has other colours and the same elements.
      const swap = (theme: string) =>
        page.evaluate((to) => document.documentElement.setAttribute('data-theme', to), theme)
      await swap(colorScheme === 'light' ? 'dark' : 'light')
      expect(await findings(page, '{ runOnly: ["color-contrast"] }'), `${one[0]}, other theme`).toEqual([])
      await swap(colorScheme)
    }
    await visit(board, ['/board', '.tile'])
    for (const key of ['?', 'Control+k', 'c']) {
      await page.keyboard.press(key)
      await page.getByRole('dialog').waitFor()
      expect(await findings(page), key).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    peer.refusal = { status: 401, errorId: 'key-invalid', detail: 'The key is revoked.' }
    peer.drop()
    await page.locator('.banner[data-tone="alarm"]').waitFor()
    expect(await findings(page), 'cut off').toEqual([])
  })

  browserTest(
    `axe finds no violation on the sign-in form with errors in ${colorScheme} colours and ${locale}`,
    async () => {
      const { page, close } = await openPage(dashboard.url, { colorScheme, locale })
      onTestFinished(close)
      await page.locator('button[type=submit]').click()
      await page.locator('.fault:not(:empty)').waitFor()
      expect(await findings(page)).toEqual([])
    },
  )
}

browserTest('no element sticks out of a window, from a phone to a wide screen, in French', async () => {
  const board = await openBoard(dashboard.url, { locale: 'fr', prepare: sampleSite })
  const { page, connected } = board
  await connected()
  for (const width of [360, 768, 1024, 1920]) {
    await page.setViewportSize({ width, height: 800 })
    for (const one of pages) {
      await visit(board, one)
      const wide = await page.evaluate(() => {
        const right = document.documentElement.clientWidth
        return [...document.querySelectorAll('body *')]
          .filter((element) => !element.closest('.table-box, .menu, .visually-hidden, .skip, svg'))
          .filter((element) => element.getBoundingClientRect().right > right + 1)
          .map((element) => element.outerHTML.slice(0, 80))
      })
      expect(wide, `${one[0]} at ${width}`).toEqual([])
    }
  }
})

browserTest('every page is reached by keyboard, rows by J and K, and each focus has a visible ring', async () => {
  const { page, connected } = await openBoard(dashboard.url, { prepare: sampleSite })
  await connected()
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement as HTMLElement
      const { outlineWidth, outlineStyle } = getComputedStyle(element)
      const ring = outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth)
      return { text: element.innerText.replace(/\s+/g, ' '), ring }
    })
  await page.keyboard.press('Tab')
  expect((await focused()).text).toBe('Skip to content')
  await page.keyboard.press('Tab')
  expect(await focused()).toMatchObject({ text: expect.stringMatching(/^Board/), ring: 2 })
  await page.keyboard.press('j')
  expect(await focused()).toMatchObject({ text: expect.stringMatching(/^100 Front desk/), ring: 2 })
  await page.keyboard.press('j')
  expect((await focused()).text).toMatch(/^101/)
  await page.keyboard.press('k')
  await page.keyboard.press('ArrowDown')
  expect((await focused()).text).not.toMatch(/^10[01]/)
  await page.keyboard.press('Enter')
  await page.locator('.drawer').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.drawer').waitFor({ state: 'detached' })
  // All tiles are one stop of the Tab key.
  expect(await page.locator('.tile[tabindex="0"]').count()).toBe(1)
  for (const [keys, title] of [
    ['l', 'Calls'],
    ['s', 'Statistics'],
    ['e', 'Extensions'],
    ['y', 'System'],
    ['h', 'Webhooks'],
    [',', 'Settings'],
    ['m', 'Marks'],
    ['b', 'Board'],
  ] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(keys)
    await page.getByRole('heading', { level: 1, name: title }).waitFor()
  }
  await page.locator('.tile').first().waitFor()
  await page.keyboard.press('/')
  await page.getByRole('searchbox').and(page.locator(':focus')).waitFor()
  await page.keyboard.type('elodie')
  await page.locator('.tile').nth(1).waitFor({ state: 'detached' })
  expect(await page.locator('.tile').innerText()).toMatch(/102 Élodie Garnier/)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.locator('.tile').nth(1).waitFor()
  // Single keys can be turned off, and rest in dialogs.
  await page.keyboard.press('?')
  await page.getByRole('switch', { name: 'Single keys' }).click()
  await page.keyboard.press('Escape')
  await page.keyboard.press('c')
  expect(await page.getByRole('dialog').count()).toBe(0)
})

browserTest('the bell of a ringing phone is not animated if the user prefers reduced motion', async () => {
  const { page, connected } = await openBoard(dashboard.url, { reducedMotion: 'reduce', prepare: sampleSite })
  await connected()
  const animation = (element: Element) => getComputedStyle(element).animationName
  expect(await page.locator('[data-endpoint="PJSIP/58100"] .badge .icon').evaluate(animation)).toBe('none')
})
