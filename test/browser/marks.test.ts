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
    await page.getByRole('button', { name: 'Marks' }).click()
    const choose = (text: string) =>
      page
        .getByLabel(/^CSV/)
        .setInputFiles({ name: 'marks.csv', mimeType: 'text/csv', buffer: Buffer.from(`matricule,note\n${text}\n`) })
    await choose('137,15.25\n138,"15,5"')
    await page.getByRole('button', { name: 'Check' }).click()
    await page.getByText('Rows checked: 2. Faults: 1. Nothing was written.').waitFor()
    await page.getByText('Row 2, note').waitFor()
    await choose('137,15.25\n138,9')
    await page.getByRole('button', { name: 'Upload' }).click()
    await page.getByText('Marks written: 2.').waitFor()

    await page.getByLabel('Student number').fill('137')
    await page.getByRole('button', { name: 'Find' }).click()
    await page.getByText('Étudiant un trois sept. Votre note : quinze virgule vingt-cinq. mention bien.').waitFor()
    await page.getByLabel('Mark', { exact: true }).fill('12.5')
    // A change by someone else meanwhile is not overwritten.
    await deployment.call('PUT', '/v1/sites/marks/grades/137', { key, body: { note: 13 } })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('read it again').waitFor()
    await page.getByRole('button', { name: 'Find' }).click()
    await page.getByText('Votre note : treize.').waitFor()
    await page.getByLabel('Mark', { exact: true }).fill('12.5')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Votre note : douze et demi. mention assez bien.').waitFor()
    const stored = await deployment.call('GET', '/v1/sites/marks/grades/137', { key })
    expect(await stored.json()).toMatchObject({ note: 12.5 })
  },
)
