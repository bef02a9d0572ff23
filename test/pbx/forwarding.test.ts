import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ForwardList, Forwards } from '../../contracts/routes/extensions.ts'
import type { QueueList } from '../../contracts/routes/queues.ts'
import type { Site } from '../../infra/asterisk/site.ts'
import { raceForwards } from '../campaigns/forward-races.ts'
import { sharedDeployment } from '../support/deployment.ts'
import { until } from '../support/until.ts'
import { siteOfKinds } from './support/call-kinds.ts'
import { type Stack, startStackOn } from './support/stack.ts'

/**
 * Goal: phones, API and console show the same forwarding and do-not-disturb settings, and the dial plan applies them.
 * Method: real phones behind a real Asterisk; astDB is read at Asterisk's console, calls are counted in its CDR file.
 */
let it: Stack
let consoleChangeMs: number
beforeAll(async () => {
  it = await startStackOn(sharedDeployment(), { changeSite: siteWithFourPhones })
  const knowsAll = async () => {
    const { endpoints } = (await (await ask('GET', '/endpoints')).json()) as { endpoints: { forwardable?: boolean }[] }
    return endpoints.filter(({ forwardable }) => forwardable).length >= 4
  }
  await until('the four phones and their forwards to be known', knowsAll)
  const { pbx } = it.pbx
  await writeFile(join(pbx.configurationFolder, 'queues.conf'), '[sales]\nmember => PJSIP/5861,2,Desk\n')
  await pbx.cli('module load app_queue.so')
})
afterAll(async () => it?.[Symbol.asyncDispose]())

/** Calls to the phone 63 change nothing: it only shows a change at the console. */
function siteWithFourPhones(site: Site): Site {
  const three = siteOfKinds(site)
  return { ...three, extensions: [...three.extensions, { number: '63', endpoint: '5863', name: 'Phone 63' }] }
}

const ask = (method: string, path: string, body?: object) =>
  it.deployment.call(method, `/v1/sites/${it.site.site}${path}`, { key: it.site.apiKey, ...(body && { body }) })
async function forwards(extension: string): Promise<Forwards> {
  return (await (await ask('GET', `/extensions/${extension}/forward`)).json()) as Forwards
}
async function stored(family: string, extension: string): Promise<string> {
  const said = await it.pbx.pbx.cli(`database get ${family} ${extension}`)
  return /Value: (.*)/.exec(said)?.[1]?.trim() ?? ''
}
const targetOf = async (extension: string) => (await forwards(extension)).always?.target ?? ''
/** Returns the milliseconds until the condition is true. */
async function timed(what: string, condition: () => Promise<boolean>): Promise<number> {
  const begun = performance.now()
  await until(what, condition)
  return performance.now() - begun
}
/** A change by phone is pushed: it takes about as long as a change by API, and far less than the half minute of a reading. */
async function pushedMsMax(): Promise<number> {
  const putMs = await timed('a change by API', async () => {
    return (await ask('PUT', '/extensions/62/forward', { target: '61' })).status === 200
  })
  await ask('DELETE', '/extensions/62/forward')
  return Math.max(1_000, 4 * putMs)
}
async function lamp(name: string): Promise<string> {
  const said = await it.pbx.pbx.cli('devstate list')
  const line = said.split('\n').find((one) => one.includes(`Custom:${name}`)) ?? ''
  return /State: '?([A-Z_]+)/.exec(line)?.[1] ?? line
}

test('the API writes and clears settings in astDB before it answers', async () => {
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
  // For the last test: the bridge finds a change at the console within half a minute, in which the other tests run.
  await it.pbx.pbx.cli('database put renvoi 63 62')
  consoleChangeMs = performance.now()
})

test('a call to 88888 sets the forward that the caller keys in, a second call clears it, and the API shows both at once', async () => {
  const msMax = await pushedMsMax()
  const call = await it.pbx.phones.call({ from: '60', to: '88888', digits: '62', pressAfterMs: 2_500, talkMs: 20_000 })
  await until('the phone to have set it', async () => (await stored('renvoi', '60')) === '62')
  expect(await timed('the API to show it', async () => (await targetOf('60')) === '62')).toBeLessThan(msMax)
  // Asterisk hangs up after its last announcement; the phone would talk for much longer.
  expect((await call.ended).answered).toBe(true)
  const again = await it.pbx.phones.call({ from: '60', to: '88888', talkMs: 20_000 })
  await until('the phone to have cleared it', async () => (await stored('renvoi', '60')) === '')
  expect(await timed('the API to show it', async () => (await targetOf('60')) === '')).toBeLessThan(msMax)
  await again.ended
  const spoken = await until('both records', async () => {
    const found = (await it.pbx.allRecords()).filter(({ dst }) => dst === '88888')
    return found.length === 2 && found
  })
  expect(spoken.map(({ lastapp }) => lastapp)).toEqual(['Hangup', 'Hangup'])
  for (const { billsec } of spoken) expect(Number(billsec)).toBeGreaterThanOrEqual(2)
})

test('a call to a forwarded phone rings the target, and settings made by API leave no call records', async () => {
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
})

test('the API refuses a forwarding loop with 409, and a loop made at the console ends after five hops with an announcement', async () => {
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
  // Five hops, and the leg that hears the announcement for some seconds.
  await until('all hops', async () => (await it.pbx.allRecords()).slice(before).length >= 6)
  const all = (await it.pbx.allRecords()).slice(before)
  expect(all.filter(({ lastapp }) => lastapp === 'Dial')).toHaveLength(5)
  expect(Number(rows.find(({ lastdata }) => lastdata === '25')?.['duration'])).toBeGreaterThanOrEqual(2)
  await it.pbx.pbx.cli('database del renvoi 60')
  await it.pbx.pbx.cli('database del renvoi 61')
})

test('the API and astDB show the same forward after phones and the API changed it at the same time', async () => {
  await raceForwards(it, 6)
})

test('a custom device state like AWAY60 sets a phone to away, even if the state changes while the bridge is down', async () => {
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
})

test('the API shows the queues of a PBX that has loaded app_queue, with the extensions of members and a pause', async () => {
  const members = async () => ((await (await ask('GET', '/queues')).json()) as QueueList).queues[0]?.members
  await until('the queue', async () => (await members())?.length === 1)
  expect(await members()).toMatchObject([{ interface: 'PJSIP/5861', extension: '61', name: 'Desk', penalty: 2 }])
  await it.pbx.pbx.cli('queue pause member PJSIP/5861 queue sales reason lunch')
  await until('the pause', async () => (await members())?.[0]?.paused?.reason === 'lunch')
  expect(JSON.parse(await it.health())).toMatchObject({
    checks: expect.arrayContaining([{ id: 'queues', state: 'ok', reason: 'queues are read' }]),
  })
  await it.pbx.pbx.cli('module unload app_queue.so')
  await until('no queue', async () => (await members()) === undefined)
})

test('within a minute, the API shows a forward that was set at the console of Asterisk', async () => {
  const leftMs = 60_000 - (performance.now() - consoleChangeMs)
  await until('the API to show it', async () => (await targetOf('63')) === '62', Math.max(1, leftMs))
})
