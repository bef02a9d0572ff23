import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SiteKey } from '../../functions/caller.ts'
import { whileCounted } from '../../functions/http/calls/call-wait.ts'
import { WaitStore } from '../../functions/stores/waits.ts'
import { startTables, type TestTables } from '../support/tables.ts'

/** Goal: no key and no site holds more processes by waiting than its cap allows, and a wait that ends makes room at once. */
let tables: TestTables
let waits: WaitStore
beforeAll(async () => {
  tables = await startTables()
  waits = new WaitStore(tables.db, tables.table)
})
afterAll(async () => tables[Symbol.asyncDispose]())

const windowMs = 30_000
const start = Date.UTC(2026, 10, 30)
const caps = { key: 5, site: 8, all: 10 }
const begin = (site: string, keyId: string, now: number) => waits.begin({ site, keyId }, caps, now)
const beginMany = (count: number, site: string, keyId: string, now: number) =>
  Promise.all(Array.from({ length: count }, () => begin(site, keyId, now)))
const fullOf = (begun: Awaited<ReturnType<typeof beginMany>>) => begun.map(({ full }) => full ?? 'waits').sort()

test('lets five of forty concurrent waits of one key wait, and others of its site up to the cap of the site', async () => {
  const begun = await beginMany(40, 'flooded', 'k1', start)
  expect(begun.filter(({ full }) => full === undefined)).toHaveLength(5)
  expect(new Set(begun.map(({ full }) => full))).toEqual(new Set([undefined, 'key']))
  expect(fullOf(await beginMany(6, 'flooded', 'k2', start))).toEqual([
    ...Array(3).fill('site'),
    ...Array(3).fill('waits'),
  ])
  const [first] = begun.filter((one) => one.full === undefined)
  await first?.end()
  expect((await begin('flooded', 'k2', start + 1)).full).toBe(undefined)
})

test('caps the waits of all sites together, and does not count a refused one at its site', async () => {
  const at = start + 10 * windowMs
  expect(fullOf(await beginMany(5, 'one', 'k', at))).toEqual(Array(5).fill('waits'))
  expect(fullOf(await beginMany(5, 'two', 'k', at))).toEqual(Array(5).fill('waits'))
  expect(fullOf(await beginMany(4, 'three', 'k', at))).toEqual(Array(4).fill('all'))
  const counters = (await tables.items()).find(({ pk, sk }) => pk === 'three#CAP' && String(sk).startsWith('wait#'))
  expect(counters).toMatchObject({ all: 0, 'key:k': 0 })
})

test('counts a wait that began in the window before, and forgets one that a crash has left after a minute', async () => {
  const at = start + 20 * windowMs
  await beginMany(5, 'late', 'k', at + windowMs - 1)
  expect((await begin('late', 'k', at + windowMs)).full).toBe('key')
  expect((await begin('late', 'k', at + 2 * windowMs - 1)).full).toBe('key')
  expect((await begin('late', 'k', at + 2 * windowMs)).full).toBe(undefined)
})

test('answers 429 with Retry-After if a cap is full, and makes room again when a wait fails', async () => {
  const caller: SiteKey = {
    kind: 'key',
    site: 'room',
    keyId: 'k',
    scopes: new Set(),
    requestsMax: undefined,
    until: undefined,
  }
  const dependencies = { waits, deploymentMax: 100, now: start + 30 * windowMs }
  const { promise, resolve } = Promise.withResolvers<string>()
  const waiting = Array.from({ length: 5 }, () => whileCounted(caller, dependencies, () => promise))
  await new Promise((begun) => setImmediate(begun))
  const counted = () => tables.items().then((items) => items.find(({ pk }) => pk === 'room#CAP')?.['all'])
  while ((await counted()) !== 5) await new Promise((again) => setImmediate(again))
  const refused = whileCounted(caller, dependencies, async () => 'never')
  await expect(refused).rejects.toMatchObject({
    status: 429,
    errorId: 'key-waits-exceeded',
    headers: { 'retry-after': '5' },
  })
  resolve('done')
  expect(await Promise.all(waiting)).toEqual(Array(5).fill('done'))
  const failing = whileCounted(caller, dependencies, () => Promise.reject(new Error('the read failed')))
  await expect(failing).rejects.toThrow('the read failed')
  expect(await counted()).toBe(0)
})
