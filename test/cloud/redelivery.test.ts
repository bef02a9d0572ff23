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
test('stores and totals each of 60 calls once, although each is delivered 1 to 5 times and functions fail at any request', async () => {
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

test('writing a CDR costs three write units, two if its caller is hidden, and four if its linkedid contains no time', async () => {
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

test('writing 480 CDRs in messages of 20 costs three write units each, and one per message to mark the hour for totals', async () => {
  await using tables = await startTables()
  expect(await countWrites(tables, 480, 20)).toEqual({ rows: 1_440, marks: 24 })
})
