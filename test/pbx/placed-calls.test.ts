import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Call } from '../../contracts/calls.ts'
import { CallState } from '../../contracts/facts.ts'
import { Placed } from '../../contracts/placed.ts'
import { CallPage } from '../../contracts/routes/calls.ts'
import { TimeLine } from '../../contracts/time-line.ts'
import { canonicalDialled } from '../../functions/domain/phone-number.ts'
import { sharedDeployment } from '../support/deployment.ts'
import { until } from '../support/until.ts'
import { conclusionOf, numberingOf } from './support/live-archive.ts'
import { answer, outcomes, outside } from './support/outcomes.ts'
import { type Stack, startStackOn } from './support/stack.ts'

/**
 * Goal: a call placed by the API rings once and ends with the right result, whatever phones, users and crashes do.
 * Method: real phones behind a real Asterisk; rings are counted in Asterisk's CDR file.
 */
let it: Stack
beforeAll(async () => {
  it = await startStackOn(sharedDeployment())
})
afterAll(async () => it?.[Symbol.asyncDispose]())

let keys = 0
const nextKey = () => `key-${++keys}`

function post(body: object, key = nextKey()): Promise<Response> {
  return it.deployment.call('POST', `/v1/sites/${it.site.site}/calls`, {
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
  const response = await it.deployment.call('GET', `/v1/sites/${it.site.site}/calls/${id}${query}`, {
    key: it.site.apiKey,
  })
  return v.parse(Call, await response.json())
}

const cancel = (id: string) =>
  it.deployment.call('DELETE', `/v1/sites/${it.site.site}/calls/${id}`, { key: it.site.apiKey })

async function ended(id: string): Promise<Call> {
  return until(`${id} to end`, async () => {
    const call = await read(id)
    return call.state === 'ended' && call
  })
}

async function inState(id: string, state: string): Promise<void> {
  await until(`${id} to be ${state}`, async () => (await read(id)).state === state)
}

/** Returns the stages in the time line of a call; equal stages in a row count once. */
async function stages(id: string): Promise<string[]> {
  const response = await it.deployment.call('GET', `/v1/sites/${it.site.site}/calls/${id}/events`, {
    key: it.site.apiKey,
  })
  const { events } = v.parse(TimeLine, await response.json())
  const words = events.flatMap(({ placed }) => (placed && placed.stage !== 'queued' ? [placed.stage] : []))
  return words.filter((word, i) => word !== words[i - 1])
}

/** Returns what the client received of a call by its socket. */
function placedOnSocket(id: string): Placed[] {
  const received = it.client.frames.flatMap((frame) => (frame.type === 'delta' ? frame.entities : []))
  return received.flatMap(({ id: one, state }) => (one === id ? [v.parse(Placed, state['placed'])] : []))
}
function lastOnSocket(id: string): CallState {
  const received = it.client.frames.flatMap((frame) => (frame.type === 'delta' ? frame.entities : []))
  return v.parse(CallState, received.filter((entity) => entity.id === id).at(-1)?.state)
}
const stagesOnSocket = (id: string) => placedOnSocket(id).map(({ stage }) => stage)
const resultsOnSocket = (id: string) => placedOnSocket(id).map(({ result }) => result)

test.each(Object.entries(outcomes))(
  'a placed call ends with the right result, stages and SIP code if %s',
  async (_, row) => {
    await it.pbx.phones.setBehaviour('60', row.caller)
    if (row.callee) await it.pbx.phones.setBehaviour('61', row.callee)
    await using _far = await row.outside?.(it.pbx.trunkPort)
    const to = row.outside ? outside : '61'
    const id = await place({ from: '5860', to, timeoutSeconds: 5, metadata: { ticket: '17' } })
    const call = await ended(id)
    const { result, settled = result, cause, sipCode } = row
    expect(call).toMatchObject({ call: id, state: 'ended', metadata: { ticket: '17' } })
    expect([result, settled]).toContain(call.result)
    if (sipCode !== undefined) expect(call).toMatchObject({ cause, sipCode })
    // The stages arrive in several messages, which the queue may reorder.
    await expect.poll(() => stages(id)).toEqual(row.stages)
    await until('the end on the socket', async () => stagesOnSocket(id).at(-1) === 'ended')
    await until('its CDRs', async () => ((await read(id)).cdrs ?? []).length > 0)
    const written = (await it.pbx.allRecords()).filter(({ linkedid }) => linkedid === id)
    await until('every CDR of its', async () => ((await read(id)).cdrs ?? []).length === written.length)
    const { cdrs: _cdrs, ...byId } = await read(id)
    expect(byId.result).toBe(settled)
    // The list of ended calls and the last pushed event tell the same.
    const path = `/v1/sites/${it.site.site}/calls?limit=50`
    const response = await it.deployment.call('GET', path, { key: it.site.apiKey })
    const { calls } = v.parse(CallPage, await response.json())
    expect(calls.find(({ call }) => call === id)).toEqual(byId)
    await until('the result on the socket', async () => resultsOnSocket(id).at(-1) === settled)
    const by = { ...numberingOf(it.pbx.site), outsidePrefix: '0' }
    const last = lastOnSocket(id)
    const live = conclusionOf({ ...last, dialled: canonicalDialled(last.dialled, by) }, by)
    expect([result, settled]).toContain(live.result)
    expect(live).toEqual({ ...conclusionOf(byId, by), result: live.result })
  },
)

test('DELETE cancels a call whose caller or callee rings, and hangs up an answered call', async () => {
  await it.pbx.phones.setBehaviour('60', { kind: 'ring' })
  const first = await place({ from: '5860', to: '61' })
  await inState(first, 'ringing-caller')
  expect((await cancel(first)).status).toBe(202)
  expect((await ended(first)).result).toBe('cancelled')
  await it.pbx.phones.setBehaviour('60', { kind: 'answer' })
  await it.pbx.phones.setBehaviour('61', { kind: 'ring' })
  const second = await place({ from: '5860', to: '61' })
  await inState(second, 'ringing-callee')
  await cancel(second)
  expect((await ended(second)).result).toBe('cancelled')
  await it.pbx.phones.setBehaviour('61', { kind: 'answer' })
  const third = await place({ from: '5860', to: '61' })
  await inState(third, 'answered')
  await cancel(third)
  expect((await ended(third)).result).toBe('answered')
})

test('a call to an unknown extension is refused with 404, one that the dial plan lacks ends as unreachable, and a call from an unregistered phone is refused with 409', async () => {
  await it.pbx.phones.setBehaviour('60', answer)
  expect((await post({ from: '5860', to: '77' })).status).toBe(404)
  // The settings of the site name an extension that the dial plan lacks.
  const settings = { body: { settings: { extensions: ['77'] } }, key: it.site.apiKey }
  expect((await it.deployment.call('PATCH', `/v1/sites/${it.site.site}`, settings)).status).toBe(200)
  expect((await ended(await place({ from: '5860', to: '77' }))).result).toBe('unreachable')
  await it.pbx.phones.unregister('60')
  const refused = await until('the phone to be seen offline', async () => {
    const response = await post({ from: '5860', to: '61' })
    return response.status === 409 && response
  })
  expect(await refused.json()).toMatchObject({ errorId: 'caller-offline' })
  await it.pbx.phones.register('60')
})

test('a call rings at most once per idempotency key, even if requests are repeated and the bridge is killed', async () => {
  await until('the phone to be seen', async () => {
    const states = it.client.frames.flatMap((frame) => (frame.type === 'delta' ? frame.entities : []))
    return states.filter(({ id }) => id === 'PJSIP/5860').at(-1)?.state['reachability'] === 'online'
  })
  await it.pbx.phones.setBehaviour('60', { kind: 'busy' })
  const ids: string[] = []
  for (let n = 0; n < 5; n += 1) {
    const key = nextKey()
    const request = { from: '5860', to: '61' }
    const id = await place(request, key)
    ids.push(id)
    // Spread over the first tenth of a second, in which the bridge executes a command.
    const killed = new Promise<void>((resolve) => setTimeout(() => resolve(it.bridge.kill()), n * 20))
    expect(await place(request, key)).toBe(id)
    await killed
    await it.bridge.start()
  }
  for (const id of ids) expect((await ended(id)).result).toMatch(/^(busy|unknown|expired|failed)$/)
  const rows = await it.pbx.allRecords()
  for (const id of ids) expect(rows.filter((row) => row['linkedid'] === id).length, id).toBeLessThanOrEqual(1)
})

test('a call ends once without being dialled if Asterisk is dead, later calls get 503, and none rings after the restart', async () => {
  const { phones, pbx } = it.pbx
  await phones.setBehaviour('60', { kind: 'busy' })
  // A bridge that was just started reports calls only after it has connected.
  await until(
    'a call to be followed',
    async () => (await ended(await place({ from: '5860', to: '61' }))).result === 'busy',
  )
  const rings = phones.rings.length
  // The bridge is stopped while Asterisk dies, so that the API still accepts the call.
  const bridge = it.bridge.pid ?? 0
  process.kill(bridge, 'SIGSTOP')
  const id = await place({ from: '5860', to: '61' }).finally(async () => {
    await pbx.kill('SIGKILL')
    process.kill(bridge, 'SIGCONT')
  })
  const call = await ended(id)
  // `expired` if the machine took 15 s for this.
  expect(call.result).toMatch(/^(failed|expired)$/)
  expect(call).not.toHaveProperty('cause')
  await until('the end on the socket', async () => stagesOnSocket(id).at(-1) === 'ended')
  expect((await stages(id)).filter((stage) => stage === 'ended')).toEqual(['ended'])
  // The API answers 400 for an unknown phone only while it regards the PBX as connected.
  const refused = await until('the refusal', async () => {
    const response = await post({ from: '5899', to: '61' })
    return response.status === 503 && response
  })
  expect(refused.headers.get('retry-after')).toBe('15')
  expect(await refused.json()).toMatchObject({ errorId: 'pbx-unreachable' })
  await pbx.start()
  await phones.register()
  // The bridge reconnects within 30 s.
  const taken = async () => {
    const response = await post({ from: '5860', to: '61' })
    return response.status === 202 && v.parse(Call, await response.json()).call
  }
  const later = await until('calls to be taken again', taken)
  expect((await ended(later)).result).toBe('busy')
  expect(phones.rings.length).toBe(rings + 1)
  const rows = await it.pbx.allRecords()
  expect(rows.filter(({ linkedid }) => linkedid === id)).toEqual([])
  expect((await read(id)).result).toBe(call.result)
})
