import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Call } from '../../contracts/calls.ts'
import type { Behaviour } from '../../infra/asterisk/phones.ts'
import { until } from '../support/until.ts'
import { type Stack, startStack } from './support/stack.ts'

/**
 * Goal: a call asked for over HTTP rings once and ends in one state, the right one, whatever phones, users and crashes do.
 * Method: real phones behind a real Asterisk; rings are counted in Asterisk's own CDR file.
 */
let it: Stack
beforeAll(async () => {
  it = await startStack()
})
afterAll(async () => it?.[Symbol.asyncDispose]())

let keys = 0
const nextKey = () => `key-${++keys}`

function post(body: object, key = nextKey()): Promise<Response> {
  return it.deployment.call('POST', '/v1/sites/office/calls', {
    key: it.site.apiKey,
    body,
    headers: { 'idempotency-key': key },
  })
}

async function place(body: object, key?: string): Promise<string> {
  const response = await post(body, key)
  const text = await response.text()
  expect(response.status, text).toBe(202)
  return v.parse(Call, JSON.parse(text)).call
}

async function read(id: string, query = ''): Promise<Call> {
  const response = await it.deployment.call('GET', `/v1/sites/office/calls/${id}${query}`, { key: it.site.apiKey })
  return v.parse(Call, await response.json())
}

const cancel = (id: string) => it.deployment.call('DELETE', `/v1/sites/office/calls/${id}`, { key: it.site.apiKey })

async function ended(id: string): Promise<Call> {
  return until(
    `${id} to end`,
    async () => {
      const call = await read(id)
      return call.state === 'ended' && call
    },
    60_000,
  )
}

async function inState(id: string, state: string): Promise<void> {
  await until(`${id} to be ${state}`, async () => (await read(id)).state === state)
}

/** Each stage that the client was told of, once in a row. */
function stages(id: string): string[] {
  const told = it.client.frames.flatMap((frame) =>
    frame.type === 'delta' ? frame.entities.filter((entity) => entity.id === id) : [],
  )
  const words = told.map(({ state }) => (state['placed'] as { stage: string } | undefined)?.stage ?? 'none')
  return words.filter((word, i) => word !== words[i - 1])
}

const answer: Behaviour = { kind: 'answer', talkMs: 2_500 }

const table: [string, Behaviour, Behaviour, string][] = [
  ['answered', answer, { kind: 'answer', afterMs: 200, talkMs: 300 }, 'answered'],
  ['the callee is busy (486)', answer, { kind: 'busy' }, 'busy'],
  ['the callee declines (603)', answer, { kind: 'refuse' }, 'refused'],
  ['the callee is unavailable (480)', answer, { kind: 'unavailable' }, 'unreachable'],
  ['the callee does not answer', answer, { kind: 'ring' }, 'no-answer'],
  ['the caller is busy (486)', { kind: 'busy' }, answer, 'busy'],
  ['the caller declines (603)', { kind: 'refuse' }, answer, 'refused'],
  ['the caller is unavailable (480)', { kind: 'unavailable' }, answer, 'unreachable'],
  ['the caller does not answer', { kind: 'ring' }, answer, 'no-answer'],
]

test.each(table)(
  '%s',
  async (_, caller, callee, result) => {
    await it.pbx.phones.setBehaviour('60', caller)
    await it.pbx.phones.setBehaviour('61', callee)
    const id = await place({ from: '5860', to: '61', timeoutSeconds: 5, metadata: { ticket: '17' } })
    const call = await ended(id)
    expect(call).toMatchObject({ call: id, state: 'ended', result, metadata: { ticket: '17' } })
    await until('the end on the socket', async () => stages(id).at(-1) === 'ended')
    const order = ['sent', 'ringing-caller', 'caller-answered', 'ringing-callee', 'answered', 'ended']
    const told = stages(id)
    expect(told).toEqual(order.filter((stage) => told.includes(stage)))
    await until('its CDRs', async () => ((await read(id)).cdrs ?? []).length > 0)
    expect((await read(id)).result).toBe(result)
  },
  30_000,
)

test('cancelled by the API while the caller rings, while the callee rings, and hung up once answered', async () => {
  await it.pbx.phones.setBehaviour('60', { kind: 'ring' })
  const first = await place({ from: '5860', to: '61' })
  await inState(first, 'ringing-caller')
  expect((await cancel(first)).status).toBe(202)
  expect((await ended(first)).result).toBe('cancelled')
  await it.pbx.phones.setBehaviour('60', { kind: 'answer' })
  await it.pbx.phones.setBehaviour('61', { kind: 'answer', afterMs: 800 })
  const second = await place({ from: '5860', to: '61' })
  await inState(second, 'ringing-callee')
  await cancel(second)
  expect((await ended(second)).result).toBe('cancelled')
  await it.pbx.phones.setBehaviour('61', { kind: 'answer' })
  const third = await place({ from: '5860', to: '61' })
  await inState(third, 'answered')
  await cancel(third)
  expect((await ended(third)).result).toBe('answered')
}, 60_000)

test('an extension that is nobody’s, and a calling phone that is not registered', async () => {
  await it.pbx.phones.setBehaviour('60', answer)
  expect((await ended(await place({ from: '5860', to: '77' }))).result).toBe('unreachable')
  await it.pbx.phones.unregister('60')
  const refused = await until('the phone to be seen offline', async () => {
    const response = await post({ from: '5860', to: '61' })
    return response.status === 409 && response
  })
  expect(await refused.json()).toMatchObject({ errorId: 'caller-offline' })
  await it.pbx.phones.register('60')
}, 60_000)

test('API retries and a bridge killed at any time never ring twice, and every call ends once', async () => {
  await until('the phone to be seen', async () => {
    const states = it.client.frames.flatMap((frame) => (frame.type === 'delta' ? frame.entities : []))
    return states.filter(({ id }) => id === 'PJSIP/5860').at(-1)?.state['reachability'] === 'online'
  })
  await it.pbx.phones.setBehaviour('60', { kind: 'busy' })
  const ids: string[] = []
  for (let n = 0; n < 8; n += 1) {
    const key = nextKey()
    const request = { from: '5860', to: '61' }
    const id = await place(request, key)
    ids.push(id)
    // Spread over what the bridge does in its first tenth of a second with a command.
    const killed = new Promise<void>((resolve) => setTimeout(() => resolve(it.bridge.kill()), n * 12))
    expect(await place(request, key)).toBe(id)
    await killed
    await it.bridge.start()
  }
  for (const id of ids) expect((await ended(id)).result).toMatch(/^(busy|unknown|expired|failed)$/)
  const rows = await it.pbx.allRecords()
  for (const id of ids) expect(rows.filter((row) => row['linkedid'] === id).length, id).toBeLessThanOrEqual(1)
}, 180_000)
