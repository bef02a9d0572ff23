import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildDashboard } from '../../dashboard/build.ts'
import { servePage } from '../../infra/start/page-server.ts'
import { closeBrowser, openPage } from '../browser/support/page.ts'
import { fillCallLog } from '../support/busy-office.ts'
import { deploy } from '../support/deployment.ts'
import { until } from '../support/until.ts'

/** Goal: the call log page is as fast and readable with 10,000 calls as with ten. Method: it is timed, and screenshots are taken. */
export async function main([count = '10000']: string[]): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'call-log-page-'))
  await using deployment = await deploy()
  const office = await deployment.makeSite('office')
  await fillCallLog(deployment, office, Number(count))
  const key = office.site.apiKey
  // Searches end tomorrow at the latest.
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  const oldest = `/v1/sites/office/calls?order=oldest&from=2026-11-01T00:00:00Z&to=${tomorrow}T00:00:00Z&limit=1`
  await until(
    'the newest call',
    async () => {
      const page = await (await deployment.call('GET', oldest.replace('order=oldest', 'order=newest'), { key })).json()
      return JSON.stringify(page).includes(`.${2 * (Number(count) - 1)}"`)
    },
    600_000,
  )
  await buildDashboard(folder)
  const server = await servePage(folder, 0)
  const opened = await openPage(
    `http://127.0.0.1:${server.port}/calls?from=2026-11-01#${new URLSearchParams({ api: deployment.cloud.httpUrl, site: 'office', key })}`,
    { viewport: { width: 1280, height: 900 } },
  )
  const { page } = opened
  const rows = page.locator('tr[data-call]')
  await rows.first().waitFor()
  for (const [name, number] of [
    ['all', ''],
    ['prefix', '06123*'],
    ['exact', '0612345748'],
  ] as const) {
    const answer = page.waitForResponse((response) => response.url().includes('/calls?'))
    const started = performance.now()
    await page.getByRole('searchbox').fill(number === '' ? ' ' : number)
    await answer
    await page.locator('table[aria-busy="false"]').waitFor()
    console.log(`${name}: ${await rows.count()} rows in ${(performance.now() - started).toFixed(0)} ms`)
    await page.screenshot({ path: path.join(folder, `${name}.png`) })
  }
  console.log(`pictures in ${folder}`)
  await opened.close()
  await closeBrowser()
  await server.stop()
}
