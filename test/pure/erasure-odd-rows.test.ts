import { PutCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { beforeAll, expect, test, vi } from 'vitest'
import { BridgeEvent } from '../../contracts/events.ts'
import { numberSearch } from '../../contracts/numbers/number-search.ts'
import { createErasing } from '../../functions/domain/personal/erasing.ts'
import { numbering } from '../../functions/domain/phone-number.ts'
import { requestErasure } from '../../functions/http/removals/request-removal.ts'
import { eraseFromAudit } from '../../functions/queues/remove-data/erase-audit.ts'
import { rewriteEvents } from '../../functions/queues/remove-data/erase-event-letters.ts'
import { eraseFromKeyNames } from '../../functions/queues/remove-data/erase-settings.ts'
import { type RemovalDependencies, removeData } from '../../functions/queues/remove-data/remove-data.ts'
import { AuditErasure } from '../../functions/stores/audit-erasure.ts'
import { KeyErasure } from '../../functions/stores/key-erasure.ts'
import { keys } from '../../functions/stores/table-keys.ts'
import { WebhookErasure } from '../../functions/stores/webhook-erasure.ts'
import { WebhookStore } from '../../functions/stores/webhooks.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { accessWorld } from '../support/access-world.ts'
import { makeCdr } from '../support/cdrs.ts'
import { testDataKeys } from '../support/data-keys.ts'
import { callFact, endpointFact } from '../support/facts.ts'

/**
 * Goal: items that no schema accepts stop no erasure: the number goes from them too, and the receipt counts them.
 * Method: rows of each kind with fields of wrong types, missing or unknown, some with the number and some without; then every
 * text, key and number of what is left is searched.
 */
const number = '0612345678'
const start = Date.parse('2026-11-24T08:00:00Z')
const minute = 60_000
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
const search = numberSearch(number, { country: 'FR' })

function createWorld() {
  const memory = new MemoryTable()
  const db = documentClientOver(async (command) => memory.carryOut(command))
  const world = accessWorld({ db, table: 't' }, new Set())
  const webhooks = new WebhookErasure(db, 't', testDataKeys)
  const dependencies: RemovalDependencies = {
    removals: world.removals,
    deleting: world,
    erasing: {
      numberingOf: async () => numbering('FR'),
      cdrs: world.erasure,
      tables: world.tables,
      items: world.items,
      others: [
        {
          name: 'keys',
          erase: (site, erasing, pass) => eraseFromKeyNames(site, erasing, pass, new KeyErasure(db, 't')),
        },
        {
          name: 'audit',
          erase: (site, erasing, pass) =>
            eraseFromAudit(site, erasing, pass, new AuditErasure(db, 't', () => false), start),
        },
        {
          name: 'webhooks',
          erase: (site, erasing, pass) =>
            pass.step('webhooks', 'other/webhooks', (at) => webhooks.erase(site, erasing.search, at, start)),
        },
        {
          name: 'webhook events',
          isForParties: true,
          erase: (site, { search: searched }, pass) =>
            pass.step('webhook events', 'webhooks', (at) =>
              world.items.live.eraseParties(keys.webhookEvent(site, '').pk, searched, at),
            ),
        },
      ],
    },
    bridge: {
      directory: world.directory,
      bridges: world.bridges,
      commands: world.commandQueues,
      signingKey: async () => {
        throw new Error('there is no bridge')
      },
      stages: [],
    },
    exports: world.exports,
  }
  const erase = async (whom = number) => {
    const { id } = await requestErasure('office', { number: whom }, { removals: world.removals, now: start })
    for (let n = 0; n < 6; n += 1) await removeData(dependencies, start + n * 2 * minute, '2026-11')
    return world.removals.receipt('office', id)
  }
  return {
    ...world,
    memory,
    webhookStore: new WebhookStore(db, 't', testDataKeys),
    put: (item: object) => memory.carryOut(new PutCommand({ TableName: 't', Item: { ...item } })),
    erase,
  }
}

const texts = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [String(value)]
  return Object.entries(value).flatMap(([key, part]) => [key, ...texts(part)])
}
const month = keys.timeRows('office', '2026-11', 0)
const { linkedid, uniqueid, ...half } = makeCdr(3, { src: number, clid: `"Anna Muster" <${number}>` })
const rows = {
  'a number as a number': { cdr: { ...makeCdr(1), src: 612345678, clid: '"Anna Muster" <60>', cnam: 'Anna Muster' } },
  'a record as a text': { cdr: JSON.stringify(makeCdr(2, { dst: '+33 6 12 34 56 78' })) },
  'a record without ids': { cdr: half, raw: `"","${number}"` },
  'no record': { note: `callback 06.12.34.56.78`, list: [{ to: number }] },
  'a length that is a text': { cdr: { ...makeCdr(4, { userfield: number }), duration: '9' }, a: number },
} as const

test.each(Object.entries(rows))('a time row with %s loses the number and stops nothing', async (what, row) => {
  const { put, erase, memory, cdrs } = createWorld()
  await cdrs.put('office', makeCdr(9, { dst: number }), undefined, numbering('FR'))
  put({ pk: month, sk: `2026-11-24T07:00:00Z#${linkedid}#${uniqueid}#1`, ...row })
  put({ pk: month, sk: '2026-11-24T07:00:01Z#x#x#2', cdr: { ...makeCdr(5), billsec: 'none' } })
  const receipt = await erase()
  // A row whose only fault was the number as a number can be read again.
  expect([receipt?.state, receipt?.unreadable]).toEqual([
    'done',
    { 'call records': what === 'a number as a number' ? 1 : 2 },
  ])
  expect(receipt?.removed).toMatchObject({ 'call records': 2 })
  const left = memory.items().filter(({ pk }) => pk === month)
  expect(left.flatMap(texts).filter((text) => search.holds(text) || text.includes('Anna'))).toEqual([])
  expect(left).toHaveLength(3)
  expect(left.find(({ sk }) => String(sk).includes('#x#'))?.['cdr']).toMatchObject({ src: '60', billsec: 'none' })
})

test('a row whose key holds the number gets another key, and its time line and alias go', async () => {
  const { put, erase, memory } = createWorld()
  const call = `click-${number}-7`
  const sk = `2026-11-24T07:00:00Z#${call}#${call}#1`
  put({ pk: month, sk, cdr: { linkedid: call, src: 60 } })
  put({ pk: keys.callerRows('office', '2026-11'), sk: `+33612345678#${sk}`, cdr: {} })
  put({ pk: keys.calleeRows('office', '2026-11'), sk: `61#${sk}`, cdr: { dst: 61 } })
  put({ pk: keys.alias('office', call), sk })
  put({ pk: keys.timeLine('office', call), sk: '1.1', who: 'x' })
  const receipt = await erase()
  expect(receipt).toMatchObject({ state: 'done', unreadable: { 'call records': 1 } })
  expect(receipt?.removed).toMatchObject({ 'call records': 1, 'rows by party': 2, 'time lines': 1 })
  const left = memory.items().filter(({ pk }) => String(pk).startsWith('office#') && pk !== 'office#RCPT')
  expect(left).toMatchObject([
    { pk: month, sk: expect.stringMatching(/^2026-11-24T07:00:00Z#erased-\w+#erased-\w+#1$/) },
  ])
})

test('keys, audit entries and webhooks that cannot be read are erased, counted, and hide no other one', async () => {
  const { put, erase, memory, webhookStore, keys: keyStore } = createWorld()
  const at = '2026-11-24T07:00:00.000Z'
  const act = { who: 'admin', what: 'GET /v1', from: '192.0.2.1', outcome: 'done' }
  put({ pk: keys.audit('office', '2026-11'), sk: `${at}#1`, entry: { at, id: '1', ...act, on: `calls/${number}` } })
  put({
    pk: keys.audit('office', '2026-11'),
    sk: `${at}#2`,
    entry: { at, on: [`calls/${number}`, 612345678] },
    'odd-name': number,
  })
  const key = { site: 'office', hash: 'h', scopes: ['calls:read'], createdAt: 1, createdBy: 'admin' }
  await keyStore.put('good', { ...key, kind: 'key', older: [], name: `Anna ${number}` })
  put({ ...keys.keyList('office', 'bad') })
  put({ ...keys.key('bad'), ...key, kind: 'robot', name: 'Anna 06 12 34 56 78', note: number })
  put(keys.keyList('office', 'gone'))
  const hook = {
    key: 'good',
    types: ['*'],
    secret: 's',
    enabled: true,
    createdAt: 1,
    tag: 't',
    request: 'r',
    perSecond: 10,
  }
  const webhook = (id: string, more: object) =>
    put({ ...keys.webhook('office', id), id, ...hook, url: 'https://crm.example/hook', ...more })
  webhook('header', { headers: { [`x-${number}`]: '1', authorization: `Basic ${number}`, 'x-a': 'b' } })
  webhook('url', { url: `https://crm.example/hook/${number}`, createdAt: 2 })
  webhook('others', { description: `for ${number}`, filters: { extensions: ['60', '0612345678'] }, createdAt: 3 })
  webhook('unread', { types: number })
  webhook('same', { headers: { 'x-a': 'b' }, createdAt: 4 })
  const receipt = await erase()
  expect(receipt).toMatchObject({ state: 'done', unreadable: { keys: 1, 'audit entries': 1, webhooks: 1 } })
  expect(receipt?.removed).toMatchObject({ 'key names': 2, 'audit entries': 2, webhooks: 4 })
  expect(
    memory
      .items()
      .filter(({ pk }) => pk !== 'REMOVALS')
      .flatMap(texts)
      .filter(search.holds),
  ).toEqual([])
  expect(await keyStore.find('good')).toMatchObject({ name: 'Anna (erased)', hash: 'h' })
  expect(await webhookStore.list('office')).toMatchObject([
    { id: 'header', enabled: true, headers: { authorization: '(erased)', 'x-a': 'b' } },
    // What is left of the address may be somebody else's.
    { id: 'url', enabled: false, disabledBecause: 'asked', url: '(erased)' },
    { id: 'others', enabled: true, description: '(erased)', filters: { extensions: ['60', '(erased)'] } },
    { id: 'same', enabled: true, tag: 't' },
  ])
})

test('dead letters of webhook events keep everything but the number, and those of other sites are not touched', () => {
  const erasing = createErasing(search, 'secret')
  const fact = callFact('office', [1, 1], `click-${number}`, 'ringing')
  const call = { ...fact, data: { ...fact.data, caller: { number: '+33 6 12 34 56 78', name: 'Anna' } } }
  const cdrs = [makeCdr(1, { src: number, clid: `"Anna" <${number}>`, linkedid: `click-${number}` }), makeCdr(2)]
  const message = {
    site: 'office',
    facts: [call, endpointFact('office', [1, 2], '60', 'INUSE')],
    cdrs,
    looks: 2,
    calls: [`click-${number}`, 'c2'],
  }
  const rewritten = rewriteEvents('office', { body: JSON.stringify(message), line: undefined }, erasing)
  if (typeof rewritten === 'string') throw new Error(rewritten)
  const left = JSON.parse(rewritten.body)
  expect(texts(left).filter(search.holds)).toEqual([])
  expect(left).toMatchObject({ site: 'office', looks: 2, calls: [erasing.newId(`click-${number}`), 'c2'] })
  expect(left.cdrs).toMatchObject([{ src: '(erased)', clid: '(erased)', linkedid: left.calls[0] }, makeCdr(2)])
  expect(left.facts.map((one: unknown) => v.is(BridgeEvent, one))).toEqual([true, true])
  const letter = (body: object | string) => ({
    body: typeof body === 'string' ? body : JSON.stringify(body),
    line: undefined,
  })
  expect(rewriteEvents('office', letter({ ...message, site: 'other' }), erasing)).toBe('keep')
  expect(rewriteEvents('office', letter({ site: 'office', cdrs: [makeCdr(2)], calls: ['c2'] }), erasing)).toBe('keep')
  expect(rewriteEvents('office', letter({ site: 'office', calls: [], note: 'rec-1612345678.12' }), erasing)).toBe(
    'keep',
  )
  expect(rewriteEvents('office', letter(`no message ${number}`), erasing)).toBe('delete')
  expect(rewriteEvents('office', letter('no message'), erasing)).toBe('keep')
  expect(rewriteEvents('office', letter({ site: 'office', cdrs: [{ src: number }] }), erasing)).toMatchObject({
    body: JSON.stringify({ site: 'office', cdrs: [{ src: '(erased)' }] }),
  })
})

test('an extension goes from the parties of live calls and of events of webhooks, and nothing else with the same digits does', async () => {
  const { put, erase, memory } = createWorld()
  const { data: state } = callFact('office', [1, 1], '60', 'ringing')
  const caller = { number: '60', name: 'Anna', endpoint: 'PJSIP/60' }
  const other = { number: '610', name: 'Ben' }
  put({
    pk: keys.calls('office'),
    sk: '60',
    v: '60',
    state: { ...state, caller, dialled: '61', callees: [other], result: '60' },
  })
  const call = {
    call: '1.1',
    caller,
    dialled: '610',
    story: [{ what: 'called', who: '60' }],
    summary: '60 called 610.',
  }
  put({
    ...keys.webhookEvent('office', 'e'),
    id: 'e',
    type: 'call.ended',
    time: '60',
    data: { ...call, durationSeconds: 60 },
  })
  const receipt = await erase('60')
  expect(receipt).toMatchObject({ state: 'done', removed: { 'live calls': 1, 'webhook events': 1 } })
  const item = (pk: string) => memory.items().find((one) => one['pk'] === pk)
  const erasedCaller = { number: '(erased)', name: '(erased)', endpoint: 'PJSIP/60' }
  expect(item(keys.calls('office'))).toMatchObject({
    sk: '60',
    v: '60',
    state: { caller: erasedCaller, dialled: '61', callees: [other], result: '60' },
  })
  expect(item(keys.webhookEvent('office', '').pk)).toMatchObject({
    time: '60',
    data: {
      caller: erasedCaller,
      dialled: '610',
      story: [{ who: '(erased)' }],
      summary: '(erased)',
      durationSeconds: 60,
    },
  })
})
