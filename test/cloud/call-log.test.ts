import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cdr } from '../../contracts/cdr.ts'
import { CdrQuery } from '../../contracts/operations/cdrs.ts'
import { allScopes } from '../../functions/domain/scopes.ts'
import { listCdrs } from '../../functions/http/cdrs/list-cdrs.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { makeCdr } from '../support/cdrs.ts'
import { startTables, type TestTables } from '../support/tables.ts'

let tables: TestTables
let log: CdrStore
beforeAll(async () => {
  tables = await startTables()
  log = new CdrStore(tables.db, tables.table)
})
afterAll(async () => tables[Symbol.asyncDispose]())

const cursorKey = 'k'.repeat(32)
const now = () => Date.UTC(2026, 11, 2)
const page = (site: string, query: Record<string, string>) =>
  listCdrs({ kind: 'key', site, keyId: 'k', scopes: new Set(allScopes) }, v.parse(CdrQuery, query), {
    log,
    cursorKey,
    now,
  })

test('a CDR delivered twice is stored once, all its fields as Asterisk wrote them', async () => {
  const cdr = makeCdr(1, { userfield: 'é "quoted"', added_by_a_later_asterisk: 'kept' })
  expect(await log.put('twice', cdr, undefined)).toBe('stored')
  expect(await log.put('twice', cdr, undefined)).toBe('duplicate')
  expect((await page('twice', {})).cdrs).toEqual([cdr])
})

test('a delivery repeated after a crash between two rows completes them from what the first stored', async () => {
  const cdr = makeCdr(2)
  await log.put('crash', cdr, undefined)
  const before = await tables.items()
  await log.put('crash', { ...cdr, src: 'changed', dst: 'changed' }, undefined)
  expect(await tables.items()).toEqual(before)
})

test('a CDR is three rows, two where a party is empty, one more where the linkedid tells no time', async () => {
  const rowsOf = async (site: string, cdr: Cdr) => {
    await log.put(site, cdr, undefined)
    return (await tables.items()).filter((item) => String(item['pk']).startsWith(`${site}#`)).length
  }
  expect(await rowsOf('rows-a', makeCdr(3))).toBe(3)
  expect(await rowsOf('rows-b', makeCdr(3, { dst: '' }))).toBe(2)
  expect(await rowsOf('rows-c', makeCdr(3, { linkedid: 'foreign' }))).toBe(4)
})

test('pages follow each other newest first, over months, each CDR once', async () => {
  const cdrs = Array.from({ length: 23 }, (_, n) => makeCdr(n * 1000))
  for (const cdr of cdrs) await log.put('pages', cdr, undefined)
  const seen: Cdr[] = []
  let cursor: string | undefined
  let pages = 0
  do {
    const next = await page('pages', { limit: '5', ...(cursor && { cursor }) })
    seen.push(...next.cdrs)
    cursor = next.cursor
    pages += 1
  } while (cursor && pages < 10)
  const newestFirst = cdrs.filter((cdr) => cdr.start < '2026-12-02').reverse()
  expect(seen).toEqual(newestFirst)
  expect(new Set(newestFirst.map((cdr) => cdr.start.slice(0, 7))).size).toBe(2)
})

test('a full last page has no cursor', async () => {
  for (let n = 0; n < 4; n += 1) await log.put('full', makeCdr(n), undefined)
  const first = await page('full', { limit: '2', from: '2026-11-20T00:00:00Z' })
  const second = await page('full', { limit: '2', cursor: first.cursor ?? '' })
  expect([first.cdrs.length, second.cdrs.length, second.cursor]).toEqual([2, 2, undefined])
})

test('from and to are the start of the call, both within', async () => {
  for (let n = 0; n < 5; n += 1) await log.put('period', makeCdr(n), undefined)
  const { cdrs } = await page('period', { from: '2026-11-23T19:01:00Z', to: '2026-11-23T19:03:00Z' })
  expect(cdrs.map((cdr) => cdr.sequence)).toEqual([3, 2, 1])
})

test.each([
  [{ from: '2026-11-24T00:00:00Z', to: '2026-11-23T00:00:00Z' }, 'must not be after'],
  [{ from: '2026-13-45T00:00:00Z' }, 'dates that exist'],
  [{ from: '1999-01-01T00:00:00Z' }, 'at most'],
  [{ cursor: 'made.up' }, 'start without one'],
])('the period or cursor %j is refused by name', async (query, words) => {
  await expect(page('bad', query)).rejects.toThrow(words)
})
