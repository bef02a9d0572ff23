import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ForwardList, Forwards } from '../../contracts/routes/extensions.ts'
import { raceForwards } from '../campaigns/forward-races.ts'
import { until } from '../support/until.ts'
import { siteOfKinds } from './support/call-kinds.ts'
import { type Stack, startStack } from './support/stack.ts'

/**
 * Goal: phones, API and console see each other's forwarding and do not disturb, and the dial plan follows them.
 * Method: real phones behind a real Asterisk; astDB is read at Asterisk's console, calls are counted in its CDR file.
 */
let it: Stack
beforeAll(async () => {
  it = await startStack({ changeSite: siteOfKinds })
  const knowsAll = async () => {
    const { endpoints } = (await (await ask('GET', '/endpoints')).json()) as { endpoints: { forwardable?: boolean }[] }
    return endpoints.filter(({ forwardable }) => forwardable).length >= 3
  }
  await until('the three phones and what the dial plan sets of them to be known', knowsAll, 20_000)
})
afterAll(async () => it?.[Symbol.asyncDispose]())

const ask = (method: string, path: string, body?: object) =>
  it.deployment.call(method, `/v1/sites/office${path}`, { key: it.site.apiKey, ...(body && { body }) })
async function forwards(extension: string): Promise<Forwards> {
  return (await (await ask('GET', `/extensions/${extension}/forward`)).json()) as Forwards
}
async function stored(family: string, extension: string): Promise<string> {
  const said = await it.pbx.pbx.cli(`database get ${family} ${extension}`)
  return /Value: (.*)/.exec(said)?.[1]?.trim() ?? ''
}
const targetOf = async (extension: string) => (await forwards(extension)).always?.target ?? ''
/** How long until it is so, milliseconds. */
async function timed(what: string, isSo: () => Promise<boolean>, msMax: number): Promise<number> {
  const begun = performance.now()
  await until(what, isSo, msMax)
  return performance.now() - begun
}
async function lamp(name: string): Promise<string> {
  const said = await it.pbx.pbx.cli('devstate list')
  const line = said.split('\n').find((one) => one.includes(`Custom:${name}`)) ?? ''
  return /State: '?([A-Z_]+)/.exec(line)?.[1] ?? line
}

test('what the API sets is in astDB when it answers, and what it clears is not', async () => {
  expect((await ask('PUT', '/extensions/60/forward', { target: '61' })).status).toBe(200)
  expect(await stored('renvoi', '60')).toBe('61')
  expect(await lamp('FWD60')).toBe('INUSE')
  expect((await ask('PUT', '/extensions/60/forward', { target: '04 79 00 00 61', when: 'no-answer' })).status).toBe(200)
  expect(await stored('renvoi_noanswer', '60')).toBe('00479000061')
  expect((await ask('PUT', '/extensions/60/dnd')).status).toBe(200)
  expect(await stored('dnd', '60')).toBe('1')
  const list = (await (await ask('DELETE', '/forwards')).json()) as ForwardList
  expect(list.extensions).toEqual([])
  for (const family of ['renvoi', 'renvoi_noanswer', 'dnd']) expect(await stored(family, '60'), family).toBe('')
  expect(await lamp('FWD60')).toBe('NOT_INUSE')
}, 60_000)

test('88888 sets with the number that is keyed in, says so, and the API sees it within a second; again clears it', async () => {
  const call = await it.pbx.phones.call({ from: '60', to: '88888', digits: '62', pressAfterMs: 2_500, talkMs: 20_000 })
  await until('the phone to have set it', async () => (await stored('renvoi', '60')) === '62', 20_000)
  expect(await timed('the API to see it', async () => (await targetOf('60')) === '62', 5_000)).toBeLessThan(1_000)
  // Asterisk hangs up by itself once it has said all: the phone talks on for much longer.
  expect((await call.ended).answered).toBe(true)
  const again = await it.pbx.phones.call({ from: '60', to: '88888', talkMs: 20_000 })
  await until('the phone to have cleared it', async () => (await stored('renvoi', '60')) === '', 20_000)
  expect(await timed('the API to see it', async () => (await targetOf('60')) === '', 5_000)).toBeLessThan(1_000)
  await again.ended
  const spoken = await until('both records', async () => {
    const found = (await it.pbx.allRecords()).filter(({ dst }) => dst === '88888')
    return found.length === 2 && found
  })
  expect(spoken.map(({ lastapp }) => lastapp)).toEqual(['Hangup', 'Hangup'])
  for (const { billsec } of spoken) expect(Number(billsec)).toBeGreaterThanOrEqual(2)
}, 90_000)

test('a change at Asterisk’s console is seen within a minute', async () => {
  await it.pbx.pbx.cli('database put renvoi 61 62')
  expect(await timed('the API to see it', async () => (await targetOf('61')) === '62', 60_000)).toBeLessThan(60_000)
  await it.pbx.pbx.cli('database del renvoi 61')
}, 150_000)

test('a call to a forwarded phone rings its target, do not disturb rings nobody, and neither leaves records of orders', async () => {
  await it.pbx.phones.setBehaviour('61', { kind: 'answer', talkMs: 300 })
  await it.pbx.phones.setBehaviour('60', { kind: 'ring' })
  await ask('PUT', '/extensions/60/forward', { target: '61' })
  const call = await it.pbx.phones.call({ from: '62', to: '60', talkMs: 3_000 })
  expect(await call.answered).toBe(true)
  await call.ended
  await ask('DELETE', '/extensions/60/forward')
  await ask('PUT', '/extensions/61/dnd')
  const refused = await it.pbx.phones.call({ from: '60', to: '61', talkMs: 300 })
  await refused.ended
  await ask('DELETE', '/extensions/61/dnd')
  const rows = await it.pbx.allRecords()
  expect(rows.filter(({ dstchannel }) => String(dstchannel).startsWith('PJSIP/5861')).length).toBeGreaterThan(0)
  expect(
    rows.filter(({ dcontext, channel }) => dcontext === 'renvoi-api' || String(channel).includes('renvoi-api')),
  ).toEqual([])
}, 60_000)

test('60 to 61 to 60 is refused by the API, and where the console made it, ends at the hop guard with an announcement', async () => {
  await ask('PUT', '/extensions/61/forward', { target: '60' })
  expect((await ask('PUT', '/extensions/60/forward', { target: '61' })).status).toBe(409)
  await it.pbx.pbx.cli('database put renvoi 60 61')
  const before = (await it.pbx.allRecords()).length
  const call = await it.pbx.phones.call({ from: '62', to: '60', talkMs: 20_000 })
  const { answered, cause } = await call.ended
  expect({ answered, cause }).toMatchObject({ answered: false })
  const rows = await until('the records of every hop', async () => {
    const all = (await it.pbx.allRecords()).slice(before)
    return all.some(({ lastdata }) => lastdata === '25') && all
  })
  // Five times on, and the leg that is told so: the announcement takes it some seconds.
  await until('all hops', async () => (await it.pbx.allRecords()).slice(before).length >= 6)
  const all = (await it.pbx.allRecords()).slice(before)
  expect(all.filter(({ lastapp }) => lastapp === 'Dial')).toHaveLength(5)
  expect(Number(rows.find(({ lastdata }) => lastdata === '25')?.['duration'])).toBeGreaterThanOrEqual(2)
  await it.pbx.pbx.cli('database del renvoi 60')
  await it.pbx.pbx.cli('database del renvoi 61')
}, 90_000)

test('phones and API that race leave both with the same', async () => {
  await raceForwards(it, 6)
}, 90_000)

test('away, set by a custom device state at the console, is presence, and what changed while the bridge was down is found', async () => {
  const isAway = async (resource: string) => {
    const { endpoints } = (await (await ask('GET', '/endpoints')).json()) as {
      endpoints: { endpoint: string; away?: object }[]
    }
    return endpoints.find(({ endpoint }) => endpoint === `PJSIP/${resource}`)?.away !== undefined
  }
  await it.pbx.pbx.cli('devstate change Custom:AWAY60 INUSE')
  await until('60 to be away', () => isAway('5860'))
  await it.bridge.kill()
  await it.pbx.pbx.cli('devstate change Custom:AWAY60 NOT_INUSE')
  await it.pbx.pbx.cli('devstate change Custom:AWAY61 BUSY')
  await it.bridge.start()
  await until('60 to be back', async () => !(await isAway('5860')))
  await until('61 to be away', () => isAway('5861'))
  await it.pbx.pbx.cli('devstate change Custom:AWAY61 NOT_INUSE')
  await until('61 to be back', async () => !(await isAway('5861')))
}, 60_000)
