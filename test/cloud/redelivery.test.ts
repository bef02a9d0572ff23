import { expect, test } from 'vitest'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { makeCdr } from '../support/cdrs.ts'
import { countWrites } from '../support/count-writes.ts'
import { redeliver, redeliveredSite, rowsDue } from '../support/redelivery.ts'
import { startTables } from '../support/tables.ts'
import { countsOfHour } from '../support/total-counts.ts'

/**
 * Goal: each CDR is stored exactly once, with redeliveries in any order and functions that die between any two writes.
 * Method: a seeded schedule of deliveries and deaths with the emulator; the campaign `redelivery` runs a longer one.
 */
test('stores and totals 60 calls once that are delivered 1 to 5 times by functions that fail at any request', async () => {
  await using tables = await startTables()
  const { deliveries, struck, deadLetters, sent, rows, items, hours, totals } = await redeliver(tables, 60, 1)
  expect(deliveries).toBeGreaterThan(3)
  expect(Math.min(...Object.values(struck)), JSON.stringify(struck)).toBeGreaterThan(0)
  expect(deadLetters).toBeGreaterThan(0)
  const byKey = (a: { sequence: number }, b: { sequence: number }) => a.sequence - b.sequence
  expect(rows.sort(byKey)).toEqual(sent.sort(byKey))
  expect(items).toBe(rowsDue(sent))
  const totalled = await Promise.all([...hours].map((hour) => countsOfHour(totals, redeliveredSite, hour)))
  expect(totalled.reduce((sum, { calls }) => sum + Number(calls), 0)).toBe(60)
})

test('writes a CDR for three write units, for two if the caller is hidden, for one more without a time in its linkedid', async () => {
  await using tables = await startTables()
  let units = 0
  tables.db.middlewareStack.add(
    (next) => async (args) => {
      Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' })
      const result = await next(args)
      const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } }
      units += ConsumedCapacity?.CapacityUnits ?? 0
      return result
    },
    { step: 'initialize', priority: 'high' },
  )
  const store = new CdrStore(tables.db, tables.table)
  const cost = async (over: Parameters<typeof makeCdr>[1]) => {
    units = 0
    await store.put('cost', makeCdr(Math.floor(Math.random() * 1e6), over), undefined, { country: 'FR' })
    return units
  }
  const hidden = { src: '', clid: '', channel: 'PJSIP/provider-00000001' }
  expect([await cost({}), await cost(hidden), await cost({ linkedid: 'no-time' })]).toEqual([3, 2, 4])
})

test('writes 480 CDRs in messages of 20 for three write units each, plus one a message and hour for the mark', async () => {
  await using tables = await startTables()
  expect(await countWrites(tables, 480, 20)).toEqual({ rows: 1_440, marks: 24 })
})
