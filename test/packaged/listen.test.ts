import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Webhook as Verifier } from 'standardwebhooks'
import { expect, onTestFinished, test } from 'vitest'
import { sharedDeployment } from '../support/deployment.ts'
import { endpointFact } from '../support/facts.ts'
import { until } from '../support/until.ts'
import { startReceiver } from '../support/webhook-receiver.ts'

test('listen posts events to a program on this machine, signed, prints each answer, and ends its listener when it is stopped', async () => {
  const deployment = sharedDeployment()
  const office = await deployment.makeSite('listen-office')
  await using world = await startReceiver()
  world.statusOf.set('/hook', 503)
  const access = { SWITCHHOOK_API: deployment.cloud.httpUrl, SWITCHHOOK_SITE: 'listen-office' }
  const env = { PATH: process.env['PATH'] ?? '', ...access, SWITCHHOOK_KEY: office.site.apiKey }
  const args = ['listen', '--forward', `${world.url}/hook`, '--types', 'endpoint.*', '--json']
  const child = spawn(process.execPath, ['infra/launch.mjs', 'cli/main.ts', ...args], { env, stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: Record<string, string>[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)))
  const errors: string[] = []
  child.stderr.on('data', (data) => errors.push(String(data)))
  await until('the listener', async () => lines.length > 0 || child.exitCode !== null)
  const { listener, secret = '' } = lines[0] ?? {}
  let seq = 0
  await until('an event', async () => {
    seq += 1
    const state = seq % 2 ? 'NOT_INUSE' : 'INUSE'
    await deployment.send(office, 'live', [endpointFact('listen-office', [1795460000, seq], '5861', state)])
    return world.received.length > 0
  })
  for (const { body, headers } of world.received)
    expect(new Verifier(secret).verify(body, headers as Record<string, string>)).toMatchObject({
      type: 'endpoint.changed',
      source: '/sites/listen-office',
    })
  await until('its line', async () => lines.length > 1)
  expect(lines[1]).toMatchObject({ type: 'endpoint.changed', status: 503 })
  const ended = once(child, 'close')
  child.kill('SIGINT')
  expect([(await ended)[0], errors]).toEqual([0, []])
  const path = `/v1/sites/listen-office/listeners/${listener}/requests?cursor=1795460594000`
  const gone = await deployment.call('GET', path, { key: office.site.apiKey })
  expect([gone.status, await gone.json()]).toEqual([404, expect.objectContaining({ errorId: 'listener-unknown' })])
})
