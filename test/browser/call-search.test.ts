import { readFile } from 'node:fs/promises'
import { beforeAll, expect, onTestFinished } from 'vitest'
import { fillCallLog } from '../support/busy-office.ts'
import { sharedDeployment, type TestSite } from '../support/deployment.ts'
import { until } from '../support/until.ts'
import { readWorkbook } from '../support/workbook.ts'
import { browserTest, useDashboard } from './support/board.ts'
import { openPage } from './support/page.ts'

/**
 * Goal: a user finds a call by its number, result or direction.
 * Method: the built page on the packaged functions, with the call log of a busy office.
 */
const calls = 300
const dashboard = useDashboard()
const deployment = sharedDeployment()
let office: TestSite
beforeAll(async () => {
  office = await deployment.makeSite('call-search')
  const rows = await fillCallLog(deployment, office, calls)
  await until(
    'all CDRs',
    async () =>
      (await deployment.items('RecordsTable', 'call-search')).filter(({ pk }) => String(pk).includes('#T#')).length ===
      rows,
  )
})

browserTest('exports the records of a search as a workbook and as CSV', async () => {
  const { site, apiKey: key } = office.site
  const opened = await openPage(`${dashboard.url}#${new URLSearchParams({ api: deployment.cloud.httpUrl, site, key })}`)
  onTestFinished(() => opened.close())
  const { page } = opened
  await page.getByRole('link', { name: 'Calls' }).first().click()
  const rows = page.locator('tr[data-call]')
  await rows.first().waitFor()
  await page.getByRole('searchbox').fill('06123*')
  await until('the search', async () => {
    const texts = await rows.allInnerTexts()
    return texts.length > 0 && texts.every((text) => /06\s12\s3/.test(text))
  })
  await page.getByRole('button', { name: 'Export' }).click()
  const dialog = page.getByRole('dialog', { name: 'Export call records' })
  const save = async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Export' }).click(),
    ])
    await dialog.getByText(/^The file has \d+ records/).waitFor()
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) }
  }
  await dialog.getByLabel('File').selectOption('xlsx')
  const workbook = await save()
  const cells = await readWorkbook(workbook.bytes)
  const parties = Object.entries(cells).filter(([at]) => /^[BC]\d+$/.test(at) && !/^.1$/.test(at))
  expect([workbook.name, parties.length > 2, cells['B1']?.value]).toEqual(['call-search-cdrs.xlsx', true, 'appelant'])
  expect(new Set(parties.map(([, { type }]) => type))).toEqual(new Set(['s']))
  await dialog.getByLabel('File').selectOption('Text (CSV)')
  const table = await save()
  const [head, ...lines] = table.bytes.toString().trimEnd().split('\r\n')
  expect([table.name, head, lines.length]).toEqual([
    'call-search-cdrs.csv',
    '\ufeffdate;appelant;appelé;durée',
    parties.length / 2,
  ])
  await dialog.getByLabel('Separator').selectOption('Comma')
  expect((await save()).bytes.toString()).toContain('date,appelant,appelé,durée')
})

browserTest('scrolls to older calls, and finds calls by direction and the first digits of a number', async () => {
  const { site, apiKey: key } = office.site
  const opened = await openPage(`${dashboard.url}#${new URLSearchParams({ api: deployment.cloud.httpUrl, site, key })}`)
  onTestFinished(() => opened.close())
  const { page } = opened
  await page.getByRole('link', { name: 'Calls' }).first().click()
  const rows = page.locator('tr[data-call]')
  await rows.first().waitFor()
  const ids = () => rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-call')))
  const first = await ids()
  await rows.last().scrollIntoViewIfNeeded()
  await until('older calls', async () => (await rows.count()) > first.length)
  const more = await ids()
  expect(more.slice(0, first.length)).toEqual(first)
  expect(new Set(more).size).toBe(more.length)

  await page.getByRole('searchbox').fill('06123*')
  await page.getByLabel('Direction').selectOption('inbound')
  await until('incoming calls alone', async () => {
    const callers = await rows.locator('.from').allInnerTexts()
    return callers.length > 0 && callers.every((text) => /^06\s12\s3/.test(text))
  })
  expect(new URL(page.url()).search).toBe('?q=06123*&direction=inbound')
  await page.getByRole('searchbox').fill('6*')
  await page.getByText('at least 3 digits').waitFor()
})
