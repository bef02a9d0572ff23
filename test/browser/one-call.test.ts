import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPage } from '../../infra/start/build.ts'
import { type PageServer, servePage } from '../../infra/start/page-server.ts'
import { type Stack, startStackOn } from '../pbx/support/stack.ts'
import { sharedDeployment } from '../support/deployment.ts'
import { closeBrowser, openPage } from './support/page.ts'

/** Goal: a real browser shows a call between two real phones live, through every part of the product. */
let stack: Stack
let server: PageServer
beforeAll(async () => {
  const folder = await buildPage(process.cwd())
  ;[stack, server] = await Promise.all([startStackOn(sharedDeployment(), { ringSeconds: 60 }), servePage(folder, 0)])
})
afterAll(async () => {
  await closeBrowser()
  await server?.stop()
  await stack?.[Symbol.asyncDispose]()
})

async function openBoard() {
  const fragment = new URLSearchParams({
    api: stack.deployment.cloud.httpUrl,
    site: stack.site.site,
    key: stack.site.apiKey,
  })
  const opened = await openPage(`http://127.0.0.1:${server.port}/#${fragment}`)
  await opened.page.locator('[data-connection="connected"]').waitFor()
  const phone = (name: string, words: string) =>
    opened.page.locator(`[data-endpoint="PJSIP/${name}"]`).getByText(words).first().waitFor()
  return { ...opened, phone }
}

test('shows a real call on the board and among the live calls, then once among the ended calls', async () => {
  const { page, phone, consoleErrors, hosts, close } = await openBoard()
  await phone('5860', 'Available')
  await phone('5861', 'Available')
  const { phones } = stack.pbx
  // The page must have time to show the ringing on a busy machine: of states that change at once it shows the last.
  await phones.setBehaviour('61', { kind: 'answer', afterMs: 5000 })
  const call = await phones.call({ from: '60', to: '61' })
  await phone('5861', 'Ringing')
  await phone('5861', 'On call')
  const live = page.locator('[data-call]')
  await live.getByText('On call').waitFor()
  expect(await live.innerText()).toMatch(/60[\s\S]*61/)
  await call.hangup()
  await phone('5861', 'Available')
  await live.waitFor({ state: 'detached' })
  const [row] = await stack.pbx.takeRecords(1)
  await page.locator(`[data-linkedid="${row?.['linkedid']}"]`).getByText('Answered').waitFor()
  const states = await page.locator('.state-table tbody tr').allInnerTexts()
  const of5861 = states
    .filter((text) => text.includes('5861'))
    .map((text) => /Ringing|On call|Available/.exec(text)?.[0])
  expect(of5861).toEqual(['Available', 'On call', 'Ringing'])
  expect(consoleErrors).toEqual([])
  expect([...hosts]).toEqual(['127.0.0.1'])
  await close()
})

test('a call from the page rings the chosen phone, then the clicked one; the page hangs up, and sets and clears a forward', async () => {
  const { page, phone, consoleErrors, close } = await openBoard()
  await phone('5860', 'Available')
  await stack.pbx.phones.setBehaviour('60', { kind: 'answer', afterMs: 300 })
  await stack.pbx.phones.setBehaviour('61', { kind: 'answer', afterMs: 300 })
  await page.locator('[data-endpoint="PJSIP/5861"]').click()
  const dialog = page.locator('.drawer')
  await dialog.getByLabel('Rings first').selectOption('PJSIP/5860')
  await dialog.getByRole('button', { name: 'Call', exact: true }).click()
  await dialog.getByRole('status').getByText('Answered').waitFor()
  await phone('5861', 'On call')
  await dialog.getByRole('button', { name: 'Hang up' }).click()
  await dialog.getByText('Ended: Answered').waitFor()
  await dialog.getByRole('button', { name: 'Set: Forward all calls' }).click()
  await dialog.getByLabel('Forward all calls: to number').fill('60')
  await page.keyboard.press('Enter')
  await dialog.getByText('To 60').waitFor()
  expect(await stack.pbx.pbx.cli('database get renvoi 61')).toContain('60')
  await dialog.getByRole('button', { name: 'Change: Forward all calls' }).click()
  await dialog.getByLabel('Forward all calls: to number').fill('')
  await page.keyboard.press('Enter')
  await dialog.getByText('To 60').waitFor({ state: 'detached' })
  expect(consoleErrors).toEqual([])
  await close()
})

test('once a killed bridge runs again, shows that a phone went offline meanwhile', async () => {
  const { phone, close } = await openBoard()
  await stack.bridge.kill()
  await stack.pbx.phones.unregister('61')
  await stack.bridge.start()
  await phone('5861', 'Offline')
  await stack.pbx.phones.register('61')
  await phone('5861', 'Available')
  await close()
})
