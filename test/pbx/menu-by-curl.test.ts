import { once } from 'node:events'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { renderCurlDialPlan } from '../../bridge/menus/curl-dial-plan.ts'
import { menuOf } from '../support/menus.ts'
import { until } from '../support/until.ts'
import { startPbx } from './support/pbx.ts'

/** Starts a server that answers lookups like the API and keeps the requests. */
async function startApi() {
  const asked: { path: string | undefined; key: string | undefined; body: unknown }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const body = JSON.parse(text)
      asked.push({ path: request.url, key: request.headers.authorization, body })
      const isKnown = body.matricule === '137'
      response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' })
      const mark = { matricule: '137', note: 15.25, mention: 'très bien' }
      response.end(JSON.stringify(isKnown ? mark : { errorId: 'grade-unknown' }))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { asked, api: `http://127.0.0.1:${port}` }
}

test('the dial plan with CURL sends lookups to the API and plays the mark that the API answers', async () => {
  const { asked, api } = await startApi()
  const sounds = await mkdtemp(join(tmpdir(), 'curl-'))
  onTestFinished(() => rm(sounds, { recursive: true, force: true }))
  await using it = await startPbx()
  const plan = await renderCurlDialPlan(menuOf('514'), { api, site: 'office', sounds })
  await appendFile(
    join(it.pbx.configurationFolder, 'extensions.conf'),
    `\n[globals]\nSWITCHHOOK_LOOKUP_KEY = the-key\n\n${plan}\n[internes](+)\nexten => 700,1,Goto(menu-by-curl,514,1)\n`,
  )
  for (const command of ['module load func_json.so', 'dialplan reload']) await it.pbx.cli(command)
  const playing = async () => {
    const line = (await it.pbx.cli('core show channels concise'))
      .split('\n')
      .find((one) => one.startsWith('PJSIP/5860'))
    const [, , , , , app, data] = (line ?? '').split('!')
    return `${app} ${data}`
  }
  const menu = menuOf('514')
  expect(menu.extension).toBe('514')
  const call = await it.phones.callAttentively({ from: '60', to: '700' })
  await until('the first question', async () => (await playing()).startsWith('Read MATRICULE'))
  await call.press('999')
  await until('the second question', async () => (await playing()).startsWith('Read PIN'))
  await call.press('#')
  await until('the first question again', async () => (await playing()).startsWith('Read MATRICULE'))
  await call.press('137')
  await until('the second question again', async () => (await playing()).startsWith('Read PIN'))
  await call.press('4711#')
  await until('the mark', async () => (await playing()) === `Playback ${sounds}/mark-15.25&${sounds}/mention-trsbien`)
  await call.ended
  expect(asked).toEqual([
    {
      path: '/v1/sites/office/grade-lookups',
      key: 'Bearer the-key',
      body: { matricule: '999', caller: '60', pin: '' },
    },
    {
      path: '/v1/sites/office/grade-lookups',
      key: 'Bearer the-key',
      body: { matricule: '137', caller: '60', pin: '4711' },
    },
  ])
})
