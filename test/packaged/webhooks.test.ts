import { Webhook as Verifier } from 'standardwebhooks'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DeliveryPage, Webhook, WebhookMade } from '../../contracts/webhook.ts'
import { eventDefinition, WebhookEvent } from '../../contracts/webhook-events.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { callFact, cdrEvent, endpointFact } from '../support/facts.ts'
import { makeSiteKey } from '../support/site-keys.ts'
import { until } from '../support/until.ts'
import { startReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'

const name = 'webhook-office'
let deployment: SharedDeployment
let office: TestSite
let world: WebhookReceiver
let receiver: string
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite(name)
  world = await startReceiver()
  receiver = world.url
})
afterAll(() => world?.[Symbol.asyncDispose]())

const path = `/v1/sites/${name}/webhooks`
const ask = (
  method: string,
  below: string,
  options: { key?: string; body?: unknown; headers?: Record<string, string> } = {},
) => deployment.call(method, path + below, { key: office.site.apiKey, ...options })

async function make(body: Record<string, unknown>, key = office.site.apiKey): Promise<WebhookMade> {
  const response = await ask('POST', '', { key, body })
  expect(response.status, await response.clone().text()).toBe(201)
  return v.parse(WebhookMade, await response.json())
}
const at = (to: string) => world.received.filter((one) => one.path === to)
/** The events that a path got, verified by the reference package, each id once. */
function eventsAt(to: string, secret: string): WebhookEvent[] {
  const events = at(to).map(({ body, headers }) => {
    const verified = new Verifier(secret).verify(body, headers as Record<string, string>)
    const event = v.parse(WebhookEvent, verified)
    expect(headers['webhook-id']).toBe(event.id)
    expect(v.safeParse(eventDefinition(event.type).data, event.data).success, JSON.stringify(event)).toBe(true)
    return [event.id, event] as const
  })
  return [...new Map(events).values()]
}
const deliveries = async (id: string, query = '') => {
  const response = await ask('GET', `/${id}/deliveries${query}`)
  return v.parse(DeliveryPage, await response.json())
}

test('sends what happens at a site, signed, once the webhook was made, to a key that sees numbers and to one that does not', async () => {
  const viewer = await makeSiteKey(deployment, office, {
    name: 'viewer',
    scopes: ['webhooks:manage', 'presence:read', 'calls:read', 'cdrs:read'],
  })
  const all = await make({ url: `${receiver}/all`, types: ['*'] })
  const hidden = await make({ url: `${receiver}/hidden`, types: ['call.*', 'cdr.*'] }, viewer.secret)
  const call = `${Math.floor(Date.now() / 1000)}.42`
  const time = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()
  const fact = (seq: number, state: 'dialling' | 'ringing' | 'answered' | 'ended') => {
    const made = callFact(name, [1795460000, seq], call, state, time(0))
    const caller = { number: '0612345678', name: 'Anna Muster' }
    const data = { ...made.data, caller, ...(state === 'ended' && { endedAt: time(0), result: 'answered' as const }) }
    const isUp = state === 'answered' || state === 'ended'
    return { ...made, data: { ...data, ...(isUp && { answeredAt: time(0) }), dialled: '61' } }
  }
  await until('the mark of the site to be known', async () => {
    await deployment.send(office, 'live', [fact(1, 'dialling'), fact(2, 'ringing'), fact(3, 'answered')])
    return at('/all').length >= 3
  })
  // The state that the phone had before the webhook was made is not a change; these are.
  const phone = (seq: number, deviceState: string) => endpointFact(name, [1795460000, seq], '5861', deviceState)
  await deployment.send(office, 'live', [phone(4, 'NOT_INUSE')])
  await until('the phone', async () => eventsAt('/all', all.secret).some(({ type }) => type === 'endpoint.changed'))
  await deployment.send(office, 'live', [fact(5, 'ended'), phone(6, 'INUSE')])
  const start = time(0).replace(/\.\d+Z$/, '+0000')
  const cdr = makeCdr(1, {
    src: '0612345678',
    clid: '"Anna Muster" <0612345678>',
    dst: '61',
    linkedid: call,
    uniqueid: call,
    start,
    answer: start,
    end: start,
  })
  await deployment.send(office, 'records', [cdrEvent(name, cdr)])
  const isFinal = ({ type, data }: WebhookEvent) => type === 'call.ended' && data['final'] === true
  await until(
    'the final event',
    async () => eventsAt('/all', all.secret).some(isFinal) && eventsAt('/hidden', hidden.secret).some(isFinal),
  )
  const events = eventsAt('/all', all.secret)
  const ofCall = events.filter(({ type }) => type.startsWith('call.'))
  const inOrder = ofCall.sort((a, b) => (String(a.data['callSeq']) < String(b.data['callSeq']) ? -1 : 1))
  expect(inOrder.map(({ type, data }) => [type, data['final']])).toEqual([
    ['call.started', false],
    ['call.ringing', false],
    ['call.answered', false],
    ['call.ended', false],
    ['call.ended', true],
  ])
  expect(inOrder[1]?.data).toMatchObject({ direction: 'inbound', party: '+33612345678', extension: '61' })
  const told: unknown = await (
    await deployment.call('GET', `/v1/sites/${name}/calls/${call}`, { key: office.site.apiKey })
  ).json()
  const { cdrs: _, ...shown } = v.parse(v.looseObject({}), told)
  expect(inOrder.at(-1)?.data).toMatchObject(shown)
  expect(events.filter(({ type }) => type === 'endpoint.changed').map(({ data }) => data['deviceState'])).toEqual([
    'NOT_INUSE',
    'INUSE',
  ])
  expect(
    at('/hidden')
      .map(({ body }) => body)
      .join(),
  ).not.toMatch(/Anna|612345678/)
  // The one of the CDR may come after that of its call.
  await until('the record', async () => eventsAt('/hidden', hidden.secret).length === ofCall.length + 1)
  // Each message was sent several times above, and SQS may repeat it: never with another id.
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
})

test('a receiver gets a test event, an event again after its failure, and a resent one, and the log lists each try', async () => {
  const { id, secret } = await make({ url: `${receiver}/down`, types: ['bridge.*'], headers: { 'x-own': 'a secret' } })
  world.statusOf.set('/down', 503)
  expect((await ask('POST', `/${id}/test`)).status).toBe(202)
  await until('two tries', async () => at('/down').length === 2)
  const [first, second] = at('/down')
  expect(first?.headers['webhook-id']).toBe(second?.headers['webhook-id'])
  expect(first?.headers).toMatchObject({ 'x-own': 'a secret', 'content-type': 'application/cloudevents+json' })
  expect(eventsAt('/down', secret)).toHaveLength(1)
  await until('the second try in the log', async () => (await deliveries(id)).deliveries[0]?.tries.length === 2)
  const [delivery] = (await deliveries(id, '?state=pending')).deliveries
  expect(delivery).toMatchObject({
    state: 'pending',
    tries: [{ status: 503 }, { status: 503 }],
    answer: 'not now, +33612345678',
  })
  expect((await ask('POST', `/${id}/deliveries/${delivery?.id}/resend`)).status).toBe(409)
  world.statusOf.delete('/down')
  const { id: other } = await make({ url: `${receiver}/up`, types: ['bridge.*'] })
  await ask('POST', `/${other}/test`)
  await until('a delivery', async () => (await deliveries(other, '?state=delivered')).deliveries.length === 1)
  const [done] = (await deliveries(other)).deliveries
  expect((await ask('POST', `/${other}/deliveries/${done?.id}/resend`)).status).toBe(202)
  await until('it to be sent again', async () => at('/up').length === 2)
  expect(new Set(at('/up').map(({ headers }) => headers['webhook-id'])).size).toBe(1)
})

test('a receiver that answers 410 is disabled, and what happens then is held until it is resent', async () => {
  const { id } = await make({ url: `${receiver}/gone`, types: ['endpoint.changed'] })
  world.statusOf.set('/gone', 410)
  await ask('POST', `/${id}/test`)
  const shown = async () => v.parse(Webhook, await (await ask('GET', `/${id}`)).json())
  await until('it to be disabled', async () => !(await shown()).enabled)
  expect((await shown()).disabledBecause).toBe('gone')
  let seq = 1000
  await until('an event to be held', async () => {
    seq += 1
    await deployment.send(office, 'live', [
      endpointFact(name, [1795460000, seq], '5862', seq % 2 ? 'INUSE' : 'NOT_INUSE'),
    ])
    return (await deliveries(id, '?state=held')).deliveries.length > 0
  })
  const [held] = (await deliveries(id, '?state=held')).deliveries
  world.statusOf.delete('/gone')
  expect((await ask('POST', `/${id}/deliveries/${held?.id}/resend`)).status).toBe(202)
  await until('the held event', async () => at('/gone').some(({ headers }) => headers['webhook-id'] === held?.event))
  const response = await ask('PATCH', `/${id}`, { body: { enabled: true } })
  expect(await response.json()).toMatchObject({ enabled: true })
})

test('a revoked key stops its webhooks, and a change by another key shows what that one may see', async () => {
  const viewer = await makeSiteKey(deployment, office, { name: 'short', scopes: ['webhooks:manage', 'calls:read'] })
  const { id } = await make({ url: `${receiver}/revoked`, types: ['call.*'] })
  const changed = await ask('PATCH', `/${id}`, { key: viewer.secret, body: { url: `${receiver}/other` } })
  expect(await changed.json()).toMatchObject({ key: viewer.key, url: `${receiver}/other` })
  await deployment.call('DELETE', `/v1/sites/${name}/keys/${viewer.key}`, { key: office.site.apiKey })
  await ask('POST', `/${id}/test`)
  await until('the refusal', async () => (await deliveries(id, '?state=failed')).deliveries.length === 1)
  expect((await deliveries(id)).deliveries[0]?.failed).toContain('revoked')
  expect(at('/other')).toEqual([])
})

test('rotation, conditions, idempotency, and refused input', async () => {
  const made = await make({ url: `${receiver}/rotated`, types: ['call.ended'] })
  const got = await ask('GET', `/${made.id}`)
  const etag = got.headers.get('etag') ?? ''
  expect(await got.text()).not.toContain(made.secret)
  const next = v.parse(WebhookMade, await (await ask('POST', `/${made.id}/secret/rotate`)).json())
  expect((await ask('POST', `/${made.id}/secret/rotate`)).status).toBe(409)
  await ask('POST', `/${made.id}/test`)
  await until('the test', async () => at('/rotated').length > 0)
  for (const secret of [made.secret, next.secret]) expect(eventsAt('/rotated', secret)).toHaveLength(1)
  expect((await ask('DELETE', `/${made.id}`, { headers: { 'if-match': etag } })).status).toBe(412)
  expect((await ask('DELETE', `/${made.id}`)).status).toBe(204)
  expect((await ask('GET', `/${made.id}`)).status).toBe(404)
  const twice = { body: { url: `${receiver}/once`, types: ['*'] }, headers: { 'idempotency-key': 'k-1' } }
  const [one, two] = [await ask('POST', '', twice), await ask('POST', '', twice)]
  expect(await one.json()).toEqual(await two.json())
  const other = { ...twice, body: { ...twice.body, types: ['call.*'] } }
  expect((await ask('POST', '', other)).status).toBe(422)
  const limited = await makeSiteKey(deployment, office, { name: 'limited', scopes: ['webhooks:manage'] })
  const denied = await ask('POST', '', { key: limited.secret, body: { url: `${receiver}/x`, types: ['cdr.recorded'] } })
  expect([denied.status, await denied.json()]).toEqual([403, expect.objectContaining({ errorId: 'scope-not-held' })])
  const wrong: [Record<string, unknown>, string][] = [
    [{ url: 'https://user:pw@example.com/' }, 'url'],
    [{ url: 'https://169.254.169.254/' }, 'url'],
    [{ url: `https://example.com/${'x'.repeat(10_000)}` }, 'url'],
    [{ types: ['call.exploded'] }, 'types.0'],
    [{ types: [] }, 'types'],
    [{ secret: 'whsec_c2hvcnQ=' }, 'secret'],
    [{ headers: { 'webhook-id': 'x' } }, 'headers.webhook-id'],
    [{ headers: { connection: 'close' } }, 'headers.connection'],
    [{ perSecond: 0 }, 'perSecond'],
  ]
  for (const [fields, field] of wrong) {
    const response = await ask('POST', '', { body: { url: 'https://example.com/', types: ['*'], ...fields } })
    const problem = v.parse(
      v.looseObject({ errors: v.array(v.looseObject({ field: v.string() })) }),
      await response.json(),
    )
    expect([response.status, problem.errors[0]?.field], JSON.stringify(problem)).toEqual([400, field])
  }
})
