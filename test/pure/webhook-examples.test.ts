import { expect, test } from 'vitest'
import { eventDefinition, type WebhookEventType } from '../../contracts/webhook-events.ts'
import { renderEvent } from '../../functions/domain/webhooks/render.ts'
import { makeSecret, makeSigningKey, signatureHeaders } from '../../functions/domain/webhooks/signature.ts'

/** Goal: the programs of examples/webhooks/ take what is sent. Method: their own functions get events as the functions render and sign them. */
const example = (name: string) => import(`../../examples/webhooks/${name}.mjs`)
const { makeReceiver } = await example('receiver')
const { makeReceiver: makeWithLibrary } = await example('receiver-library')
const { hubSpotCall, storeCall } = await example('crm')
const { makeBoard } = await example('screen-pop')
const { annotation } = await example('grafana')

const scopes = ['webhooks:manage', 'calls:read', 'cdrs:read', 'cdrs:personal', 'presence:read', 'presence:personal']
const time = new Date().toISOString()
const bodyOf = (type: WebhookEventType, more: Record<string, unknown> = {}) => {
  const data = { ...eventDefinition(type).example, ...more }
  return renderEvent('office', { id: 'evt_1', type, time, data }, { scopes })
}
const eventOf = (type: WebhookEventType, more?: Record<string, unknown>) => JSON.parse(bodyOf(type, more))
const secret = makeSecret()
const seconds = () => Math.floor(Date.now() / 1000)

test.each([
  ['without a library', makeReceiver],
  ['with the library', makeWithLibrary],
])('the receiver in Node %s works once for an event, and refuses what is not signed', async (_, make) => {
  const worked: { id: string }[] = []
  const receive = make({ secret, work: (event: { id: string }) => void worked.push(event) })
  const body = Buffer.from(bodyOf('call.ended'))
  const signed = (at: number, by = [secret]) =>
    signatureHeaders({ id: 'evt_1', seconds: at, body: body.toString() }, by, makeSigningKey())
  expect([receive(signed(seconds()), body), receive(signed(seconds(), [makeSecret(), secret]), body)]).toEqual([
    204, 204,
  ])
  const refused = [
    receive(signed(seconds(), [makeSecret()]), body),
    receive(signed(seconds() - 400), body),
    receive(signed(seconds()), Buffer.concat([body, Buffer.from(' ')])),
    receive({}, body),
  ]
  expect(refused).toEqual([401, 401, 401, 401])
  // It answers before it works.
  expect(worked).toEqual([])
  await new Promise((resolve) => setImmediate(resolve))
  expect(worked.map(({ id }) => id)).toEqual(['evt_1'])
})

test('the CRM gets each finished call with somebody outside, as an upsert by the id of the call', async () => {
  expect(hubSpotCall(eventOf('call.ended'))).toMatchObject({
    switchhook_call: '1795460594.14',
    hs_call_direction: 'INBOUND',
    hs_call_from_number: '+33612345678',
    hs_call_duration: '79000',
    hs_call_status: 'COMPLETED',
  })
  expect(hubSpotCall(eventOf('call.ended', { direction: 'outbound' }))).toMatchObject({
    hs_call_from_number: '60',
    hs_call_to_number: '+33612345678',
  })
  const ignored = [
    eventOf('call.ended', { final: false }),
    eventOf('call.ended', { direction: 'internal' }),
    eventOf('pbx.up'),
  ]
  expect(ignored.map(hubSpotCall)).toEqual([undefined, undefined, undefined])
  const sent: string[] = []
  const answers = [500, 200, 200]
  const fetch = async (_: unknown, init: RequestInit) => {
    sent.push(String(init.body))
    return new Response(null, { status: answers.shift() ?? 500 })
  }
  const store = () => storeCall(eventOf('call.ended'), { token: 't', fetch: fetch as typeof globalThis.fetch })
  await expect(store()).rejects.toThrow('HubSpot answered 500')
  expect([await store(), await store()]).toEqual([true, true])
  expect(new Set(sent).size).toBe(1)
  expect(JSON.parse(sent[0] ?? '')).toMatchObject({ inputs: [{ id: '1795460594.14', idProperty: 'switchhook_call' }] })
})

test('a screen pop shows who calls to the phone that rings, and not a call of a minute ago', () => {
  const board = makeBoard()
  const shown: unknown[] = []
  const stop = board.listen('60', (call: unknown) => void shown.push(call))
  board.listen('61', () => expect.unreachable())
  board.work(eventOf('call.ringing'))
  board.work(eventOf('call.answered'))
  board.work({ ...eventOf('call.ringing'), time: new Date(Date.now() - 60_000).toISOString() })
  stop()
  board.work(eventOf('call.ringing'))
  expect(shown).toEqual([{ call: '1795460594.14', party: '+33612345678', name: '' }])
})

test('Grafana gets a region for each outage', () => {
  const from = Date.parse('2026-11-23T19:03:14.000Z')
  const region = { time: from, timeEnd: Date.parse(time), tags: ['switchhook', 'office'] }
  expect(annotation(eventOf('pbx.up'))).toEqual({ ...region, text: 'office: PBX down' })
  expect(annotation(eventOf('bridge.connected'))).toMatchObject({ ...region, text: 'office: Bridge lost' })
  expect(annotation(eventOf('bridge.gap'))).toMatchObject({ time: from })
  expect(annotation(eventOf('call.ended'))).toBeUndefined()
})
