import { spawn } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect, onTestFinished, test } from 'vitest'
import { openCommand } from '../../contracts/commands.ts'
import { sharedDeployment } from '../support/deployment.ts'
import { endpointFact } from '../support/facts.ts'
import { until } from '../support/until.ts'

const example = 'examples/click-to-call.mjs'

/** Starts the example as a person does. Returns its address. */
async function start(env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [example], { env: { ...env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    const closed = once(child, 'close')
    child.kill()
    await closed
  })
  const [line] = await once(child.stdout, 'data')
  return String(line).trim().replace(/\/$/, '').replace('localhost', '127.0.0.1')
}

test('a click on the page of the example places one call, and the page never contains the API key', async () => {
  const deployment = sharedDeployment()
  const office = await deployment.makeSite('example')
  const { cloud } = deployment
  const key = office.site.apiKey
  await deployment.send(office, 'live', [endpointFact('example', [1, 1], '5860', 'NOT_INUSE')])
  const api = deployment.api(key)
  await until('the phone to be known', async () => {
    const { body } = await api('GET /v1/sites/{site}/endpoints', { path: { site: 'example' } })
    return body.endpoints.some(({ endpoint }) => endpoint === 'PJSIP/5860')
  })
  const url = await start({
    SWITCHHOOK_API: cloud.httpUrl,
    SWITCHHOOK_SITE: 'example',
    SWITCHHOOK_KEY: key,
    SWITCHHOOK_PHONE: 'PJSIP/5860',
  })
  const page = await (await fetch(url)).text()
  expect(page).toContain("registerProtocolHandler('tel'")
  expect(page).not.toContain(key)

  const click = (to: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/calls`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ to, click: `click-${to}` }),
    })
  const first = await click('61')
  expect(first.status).toBe(202)
  const call = (await first.json()) as { call: string; state: string }
  expect(call).toMatchObject({ state: 'queued' })
  // The same click returns the same call. A request from another origin and an emergency number are refused.
  expect(await (await click('61')).json()).toEqual(call)
  expect((await click('61', { origin: 'https://elsewhere.example' })).status).toBe(403)
  const denied = await click('112')
  expect([denied.status, ((await denied.json()) as { errorId: string }).errorId]).toEqual([403, 'dial-emergency'])
  expect(
    (await fetch(`${url}/calls/${call.call}`, { method: 'DELETE', headers: { 'content-type': 'application/json' } }))
      .status,
  ).toBe(202)

  const client = { region: cloud.region, endpoint: cloud.endpoints.sqs, credentials: cloud.credentials('operator') }
  const sqs = new SQSClient(client)
  onTestFinished(() => sqs.destroy())
  const { commands: QueueUrl } = office.bridge.queues
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
  const signedBy = createPublicKey(office.bridge.deploymentPublicKey)
  const commands = Messages.map(({ Body = '' }) => openCommand(Body, 'example', signedBy))
  expect(new Set(commands.map((one) => `${one.command} ${'call' in one && one.call}`))).toEqual(
    new Set([`place ${call.call}`, `hang-up ${call.call}`]),
  )
  expect(commands.find((one) => one.command === 'place')).toMatchObject({ endpoint: 'PJSIP/5860', extension: '61' })
})

test('the example exits with the names of the missing settings and prints no value of a setting', async () => {
  const child = spawn(process.execPath, [example], { env: { SWITCHHOOK_KEY: 'secret-key' }, stdio: 'pipe' })
  let said = ''
  child.stderr.on('data', (text: Buffer) => {
    said += text
  })
  const [status] = await once(child, 'close')
  expect(status).toBe(78)
  expect(said.trim()).toBe('Set SWITCHHOOK_API, SWITCHHOOK_SITE, SWITCHHOOK_PHONE.')
})
