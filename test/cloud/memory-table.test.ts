import fc from 'fast-check'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CallState } from '../../contracts/facts.ts'
import type { CallEntity } from '../../contracts/frames.ts'
import { formatVersion } from '../../contracts/version.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import type { Query } from '../../functions/stores/expressions.ts'
import { PresenceStore } from '../../functions/stores/presence.ts'
import { RemovalStore, RemovalTakenError } from '../../functions/stores/removals.ts'
import { SiteStore } from '../../functions/stores/sites.ts'
import { Table } from '../../functions/stores/table.ts'
import { TotalStore } from '../../functions/stores/totals.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { makeCdr } from '../support/cdrs.ts'
import { propertyRuns } from '../support/property.ts'
import { startTables, type TestTables } from '../support/tables.ts'

/**
 * Goal: the simulator's table in memory behaves like DynamoDB. Method: the same random commands to it and to an emulator, with
 * all answers and rows compared.
 */
let tables: TestTables
const lastKey = { pk: 'p', sk: 's' }
beforeAll(async () => {
  tables = await startTables()
})
afterAll(async () => tables[Symbol.asyncDispose]())

const call = (id: string, seq: number, r: number, state: CallState['state']): CallEntity => {
  const facts = { call: id, state, caller: { number: '60', name: '' }, dialled: '61', callees: [] }
  return { id, v: formatVersion(5, seq), r, state: { ...facts, startedAt: '2026-11-23T19:03:14.000Z' } }
}
const step = fc.record({
  what: fc.constantFrom('put', 'end', 'forget', 'epoch'),
  id: fc.constantFrom('c1', 'c2'),
  seq: fc.integer({ min: 1, max: 4 }),
  r: fc.integer({ min: 0, max: 1 }),
  isEnd: fc.boolean(),
  mayCreate: fc.boolean(),
})

test('the table in memory returns the rows of an hour in the same order as the DynamoDB emulator', async () => {
  const memory = new MemoryTable()
  const both = [documentClientOver(async (command) => memory.carryOut(command)), tables.db]
  const found = await Promise.all(
    both.map(async (db) => {
      const store = new CdrStore(db, tables.table)
      for (const n of [130, 61, 0, 59, 60, 119, 120]) await store.put('hours', makeCdr(n), undefined, { country: 'FR' })
      const totals = new TotalStore(db, tables.table)
      return Promise.all(['2026-11-23T19', '2026-11-23T20', '2026-11-23T23'].map((hour) => totals.cdrs('hours', hour)))
    }),
  )
  expect(found[0]?.map((cdrs) => cdrs.length)).toEqual([2, 3, 0])
  expect(found[0]).toEqual(found[1])
})

test('the table in memory adds to counts, removes fields and takes a lease as the DynamoDB emulator does', async () => {
  const memory = new MemoryTable()
  const both = [documentClientOver(async (command) => memory.carryOut(command)), tables.db]
  const found = await Promise.all(
    both.map(async (db) => {
      const store = new RemovalStore(db, tables.table)
      const job = { site: 'office', id: 'e' }
      await store.create({ ...job, what: 'number', number: '1', askedAt: '2026-11-24T08:00:00Z' })
      const [taken, refused] = [await store.take(job, 1_000), await store.take(job, 60_999)]
      if (!taken) throw new Error('the removal was not taken')
      await store.save(taken, { counts: { 'call records': 2 }, done: ['a'], hasFound: true, quietSince: 5 })
      await store.save(taken, {
        counts: { 'call records': 3, totals: 1 },
        done: undefined,
        at: { step: 's', key: lastKey },
      })
      await store.confirm('office', 'e', 'bridge', { claims: 4 }, 7)
      const late = await store.take(job, 61_000)
      const lost = await store.save(taken, { counts: { totals: 1 }, months: ['x'] }).catch((error: unknown) => error)
      const [{ secret: _, ...left } = taken] = await store.all()
      await store.release(late ?? taken)
      return [refused, late?.leasedUntil, lost instanceof RemovalTakenError, left]
    }),
  )
  expect(found[0]).toEqual(found[1])
  const removed = { 'call records': 5, totals: 2, claims: 4 }
  expect(found[0]?.[3]).toMatchObject({ removed, bridgeErasedAt: 7, at: { step: 's', key: lastKey }, hasFound: true })
})
test('the table in memory gives random commands the same results as the DynamoDB emulator', async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
      run += 1
      const site = `site-${run}`
      const memory = new MemoryTable()
      const both = [documentClientOver(async (command) => memory.carryOut(command)), tables.db]
      const outcomes = await Promise.all(
        both.map(async (db) => {
          const presence = new PresenceStore(db, tables.table)
          const sites = new SiteStore(db, tables.table)
          const told: unknown[] = []
          for (const { what, id, seq, r, isEnd, mayCreate } of steps) {
            const entity = call(id, seq, r, isEnd ? 'ended' : 'answered')
            if (what === 'put')
              told.push(await presence.put(site, { topic: 'calls', entity, ended: isEnd, mayCreate }, seq))
            else if (what === 'end') told.push(await presence.end(site, entity, 9, seq))
            else if (what === 'forget') await presence.forget(site, 'calls', entity)
            else told.push(await sites.raiseEpoch(site, seq))
            told.push(await presence.rows(site, 'calls'), await sites.epoch(site))
          }
          return told
        }),
      )
      expect(outcomes[0]).toEqual(outcomes[1])
    }),
    { numRuns: propertyRuns(40) },
  )
})

test('the table in memory pages, filters, turns around, adds to sets and reads batches as the DynamoDB emulator does', async () => {
  const memory = new MemoryTable()
  const both = [documentClientOver(async (command) => memory.carryOut(command)), tables.db]
  const found = await Promise.all(
    both.map(async (db) => {
      const table = new Table(db, tables.table)
      for (let n = 0; n < 7; n += 1) await table.put({ pk: 'pages', sk: `s${n}`, state: n % 2 ? 'odd' : 'even' })
      const pages = async (query: Partial<Query>) => {
        const read: unknown[] = []
        const all = table.pages(v.unknown(), { pk: 'pages', read: 'consistent', limit: 3, ...query }, { pagesMax: 9 })
        for await (const items of all) read.push(items)
        return read.filter((items) => Array.isArray(items) && items.length > 0)
      }
      const key = { pk: 'pages', sk: 'sets' }
      const change = (update: string, call: string) =>
        table.update(key, { update, names: { key: 'key:1' }, values: { call: new Set([call]) } })
      await change('ADD #all :call, #key :call', 'a')
      await change('ADD #all :call, #key :call', 'b')
      await change('DELETE #all :call, #key :call', 'a')
      await table.batchWrite([{ PutRequest: { Item: { pk: 'pages', sk: 'z', n: 1 } } }])
      const batch = await table.batchGet([key, { pk: 'pages', sk: 'z' }, { pk: 'pages', sk: 'none' }], 'consistent')
      return {
        pages: await pages({ sk: { beginsWith: 's' } }),
        backwards: await pages({ sk: { between: ['s1', 's6'] }, isDescending: true }),
        filtered: await pages({ sk: { after: 's0' }, filter: '#state = :state', values: { state: 'odd' } }),
        batch: batch.items.sort((a, b) => String(a['sk']).localeCompare(String(b['sk']))),
      }
    }),
  )
  expect(found[0]).toEqual(found[1])
  expect(found[0]?.backwards).toHaveLength(2)
})
