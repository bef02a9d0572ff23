import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CallState } from '../../contracts/facts.ts'
import type { CallEntity } from '../../contracts/frames.ts'
import { formatVersion } from '../../contracts/version.ts'
import { PresenceStore } from '../../functions/stores/presence.ts'
import { TicketStore } from '../../functions/stores/tickets.ts'
import { propertyRuns } from '../support/property.ts'
import { startTables, type TestTables } from '../support/tables.ts'

let tables: TestTables
let presence: PresenceStore
beforeAll(async () => {
  tables = await startTables()
  presence = new PresenceStore(tables.db, tables.table)
})
afterAll(async () => tables[Symbol.asyncDispose]())

const call = (epoch: number, seq: number, state: CallState['state'] = 'ringing'): CallEntity => {
  const caller = { number: '60', name: 'Phone 60', endpoint: 'PJSIP/5860' }
  const startedAt = '2026-11-23T19:03:14.000Z'
  const facts = { call: 'pbx1-1795460594.3', state, caller, dialled: '61', callees: [], startedAt }
  return { id: facts.call, v: formatVersion(epoch, seq), r: 0, state: facts }
}
const put = (site: string, entity: CallEntity, mayCreate = true) =>
  presence.put(site, { topic: 'calls', entity, ended: entity.state.state === 'ended', mayCreate }, 1_000)

test('keeps the newest version of a call, in whatever order its versions are delivered', async () => {
  let run = 0
  const versions = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 30 })), {
    minLength: 1,
    maxLength: 6,
    selector: (pair) => pair.join('.'),
  })
  await fc.assert(
    fc.asyncProperty(versions, async (pairs) => {
      run += 1
      const site = `order-${run}`
      for (const [epoch, seq] of pairs) await put(site, call(epoch, seq))
      const newest = pairs
        .map(([epoch, seq]) => formatVersion(epoch, seq))
        .sort()
        .at(-1)
      expect((await presence.calls(site)).map((entity) => entity.v)).toEqual([newest])
    }),
    { numRuns: propertyRuns(25) },
  )
})

test('put returns true for the stored version too, so that a fact is pushed again after a crash that prevented its push', async () => {
  expect(await put('equal', call(1, 5))).toBe(true)
  expect(await put('equal', call(1, 5))).toBe(true)
  expect(await put('equal', call(1, 4))).toBe(false)
})

test('a call that the cloud ended stays ended until a newer version arrives', async () => {
  const seen = call(1, 5)
  await put('ended', seen)
  const ended = await presence.end('ended', seen, 2, 2_000)
  expect(ended).toMatchObject({ v: seen.v, r: 1, state: { state: 'ended' } })
  expect(await presence.end('ended', seen, 2, 2_000)).toBeUndefined()
  expect(await put('ended', seen)).toBe(false)
  expect(await presence.calls('ended')).toEqual([])
  expect(await put('ended', call(2, 1))).toBe(true)
  expect(await presence.calls('ended')).toHaveLength(1)
})

test('keeps the tombstone of an ended call when an older fact arrives', async () => {
  await put('tomb', call(1, 9, 'ended'))
  expect(await put('tomb', call(1, 8))).toBe(false)
  expect(await presence.calls('tomb')).toEqual([])
})

test('a fact with mayCreate: false changes an existing row but creates none', async () => {
  expect(await put('late', call(1, 1), false)).toBe(false)
  await put('late', call(1, 2))
  expect(await put('late', call(1, 3), false)).toBe(true)
})

test('accepts only one of eight concurrent uses of a ticket, and none after it has expired', async () => {
  const tickets = new TicketStore(tables.db, tables.table)
  const row = { site: 'office', keyId: 'k', scopes: ['presence:read'], expiresAt: 60_000 }
  await tickets.put('one', row, 0)
  const tries = await Promise.all(Array.from({ length: 8 }, () => tickets.redeem('one', 59_999)))
  expect(tries.filter((redeemed) => redeemed !== undefined)).toHaveLength(1)
  await tickets.put('late', row, 0)
  expect(await tickets.redeem('late', 60_000)).toBeUndefined()
})
