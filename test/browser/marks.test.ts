import { expect, onTestFinished } from 'vitest'
import { sharedDeployment } from '../support/deployment.ts'
import { browserTest, useDashboard } from './support/board.ts'
import { openPage } from './support/page.ts'

const dashboard = useDashboard()
const deployment = sharedDeployment()

browserTest(
  'checks and uploads a CSV file of marks, changes one mark, and shows the words that the voice menu says for it',
  async () => {
    const { apiKey: key } = (await deployment.makeSite('marks')).site
    const fragment = new URLSearchParams({ api: deployment.cloud.httpUrl, site: 'marks', key })
    const opened = await openPage(`${dashboard.url}#${fragment}`)
    onTestFinished(() => opened.close())
    const { page } = opened
    await page.getByRole('link', { name: 'Marks' }).click()
    await page.getByText('No marks yet').waitFor()
    await page.getByRole('link', { name: 'Upload CSV' }).click()
    const choose = (text: string) =>
      page
        .getByLabel('CSV file')
        .setInputFiles({ name: 'marks.csv', mimeType: 'text/csv', buffer: Buffer.from(`matricule,note\n${text}\n`) })
    await choose('137,15.25\n138,"15,5"')
    await page.getByText('2 rows checked, nothing was written').waitFor()
    await page.getByRole('cell', { name: '138,"15,5"' }).waitFor()
    expect(await page.getByRole('button', { name: 'Write the marks' }).getAttribute('aria-disabled')).toBe('true')
    await choose('137,15.25\n138,9')
    await page.getByText('No fault').waitFor()
    await page.getByRole('button', { name: 'Write the marks' }).click()
    await page.getByText('2 marks written').waitFor()

    await page.getByRole('link', { name: 'Correct 137' }).click()
    const drawer = page.locator('.drawer')
    await drawer.getByText('Étudiant un trois sept. Votre note : quinze virgule vingt-cinq. mention bien.').waitFor()
    await drawer.getByLabel('Mark', { exact: true }).fill('12.5')
    // A change by someone else meanwhile is not overwritten.
    await deployment.call('PUT', '/v1/sites/marks/grades/137', { key, body: { note: 13 } })
    await drawer.getByRole('button', { name: 'Save' }).click()
    await drawer.getByText('read it again').waitFor()
    expect(await drawer.getByLabel('Mark', { exact: true }).inputValue()).toBe('12.5')
    await drawer.getByRole('button', { name: 'Try again' }).click()
    await drawer.getByText('Votre note : treize.').waitFor()
    await drawer.getByLabel('Mark', { exact: true }).fill('12.5')
    await drawer.getByRole('button', { name: 'Save' }).click()
    await drawer.getByText('Votre note : douze et demi. mention assez bien.').waitFor()
    const stored = await deployment.call('GET', '/v1/sites/marks/grades/137', { key })
    expect(await stored.json()).toMatchObject({ note: 12.5 })
  },
)
