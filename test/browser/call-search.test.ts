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
  await page.getByRole('button', { name: 'Call log' }).click()
  await page.getByLabel('Number').fill('06123*')
  await page.getByRole('button', { name: 'Search' }).click()
  await until('the search', async () =>
    (await page.locator('.search-table tbody tr').allInnerTexts()).every((text) => text.includes('336123')),
  )
  await page.getByRole('button', { name: 'Export…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Export records' })
  const save = async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Export' }).click(),
    ])
    await dialog.getByText(/^The file has \d+ records/).waitFor()
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) }
  }
  const workbook = await save()
  const cells = await readWorkbook(workbook.bytes)
  const parties = Object.entries(cells).filter(([at]) => /^[BC]\d+$/.test(at) && !/^.1$/.test(at))
  expect([workbook.name, parties.length > 2, cells['B1']?.value]).toEqual(['call-search-cdrs.xlsx', true, 'appelant'])
  expect(new Set(parties.map(([, { type }]) => type))).toEqual(new Set(['s']))
  await dialog.getByLabel('File').selectOption('Text (CSV)')
  const table = await save()
  const [head, ...rows] = table.bytes.toString().trimEnd().split('\r\n')
  expect([table.name, head, rows.length]).toEqual([
    'call-search-cdrs.csv',
    '\ufeffdate;appelant;appelé;durée',
    parties.length / 2,
  ])
  await dialog.getByLabel('Separator').selectOption('Comma')
  expect((await save()).bytes.toString()).toContain('date,appelant,appelé,durée')
})

browserTest(
  'finds calls by direction and the first digits of a number, and pages to older calls and back',
  async () => {
    const { site, apiKey: key } = office.site
    const opened = await openPage(
      `${dashboard.url}#${new URLSearchParams({ api: deployment.cloud.httpUrl, site, key })}`,
    )
    onTestFinished(() => opened.close())
    const { page } = opened
    await page.getByRole('button', { name: 'Call log' }).click()
    const rows = page.locator('.search-table tbody tr')
    await rows.first().waitFor()
    expect(await rows.count()).toBe(50)
    const first = await rows.first().getAttribute('data-call')
    await page.getByRole('button', { name: 'Older' }).click()
    await page.getByText('Page 2').waitFor()
    expect(await rows.first().getAttribute('data-call')).not.toBe(first)
    await page.getByRole('button', { name: 'Newer' }).click()
    await page.getByText('Page 1').waitFor()
    expect(await rows.first().getAttribute('data-call')).toBe(first)

    await page.getByLabel('Number').fill('06123*')
    await page.getByLabel('Direction').selectOption('Incoming')
    await page.getByRole('button', { name: 'Search' }).click()
    await until('incoming calls alone', async () =>
      (await rows.first().locator('.from').innerText()).startsWith('+336123'),
    )
    const callers = await rows.locator('.from').allInnerTexts()
    expect(callers.every((text) => text.startsWith('+336123'))).toBe(true)

    await page.getByLabel('Number').fill('6*')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByText('at least 3 digits').waitFor()
  },
)
