import * as v from 'valibot'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Cdr } from '../../contracts/cdr.ts'
import { SearchQuery } from '../../contracts/routes/cdrs.ts'
import { listCalls } from '../../functions/http/calls/list-calls.ts'
import { listCdrs } from '../../functions/http/cdrs/list-cdrs.ts'
import { CallLogStore } from '../../functions/stores/call-log.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { PlacedCallStore } from '../../functions/stores/placed-calls.ts'
import { makeCdr } from '../support/cdrs.ts'
import { startTables, type TestTables } from '../support/tables.ts'

let tables: TestTables
let cdrs: CdrStore
let log: CallLogStore
beforeAll(async () => {
  tables = await startTables()
  cdrs = new CdrStore(tables.db, tables.table)
  log = new CallLogStore(tables.db, tables.table)
})
afterAll(async () => tables[Symbol.asyncDispose]())

const cursorKey = 'k'.repeat(32)
/** Searches end a day after this at the latest. */
let clock = Date.UTC(2026, 11, 2)
const now = () => clock
const numbering = { country: 'FR' } as const
const put = (site: string, cdr: Cdr) => cdrs.put(site, cdr, undefined, numbering)
const listing = () => ({
  log,
  placed: new PlacedCallStore(tables.db, tables.table),
  cursorKey,
  now,
  numbering,
  personal: true,
})
const page = (site: string, query: Record<string, string>) => listCdrs(site, v.parse(SearchQuery, query), listing())

/** Returns all pages of a search, at most a hundred. */
async function all<T>(
  list: (query: Record<string, string>) => Promise<{ items: T[]; cursor: string | undefined }>,
  query: Record<string, string>,
) {
  const items: T[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < 100; pages += 1) {
    const next = await list({ ...query, ...(cursor && { cursor }) })
    items.push(...next.items)
    cursor = next.cursor
    if (!cursor) return items
  }
  throw new Error('more than a hundred pages')
}
const allCdrs = (site: string, query: Record<string, string>) =>
  all(async (more) => {
    const { cdrs, cursor } = await page(site, more)
    return { items: cdrs, cursor }
  }, query)
const allCalls = (site: string, query: Record<string, string>) =>
  all(async (more) => {
    const { calls, cursor } = await listCalls(site, v.parse(SearchQuery, more), listing())
    return { items: calls, cursor }
  }, query)

test('stores a CDR only once if it is delivered twice, with all fields as Asterisk wrote them', async () => {
  const cdr = makeCdr(1, { userfield: 'é "quoted"', added_by_a_later_asterisk: 'kept' })
  expect(await put('twice', cdr)).toBe('stored')
  expect(await put('twice', cdr)).toBe('duplicate')
  expect((await page('twice', {})).cdrs).toEqual([cdr])
})

test('if a crash left only some of the rows of a CDR, its redelivery writes the missing rows', async () => {
  const cdr = makeCdr(2)
  await put('crash', cdr)
  const before = await tables.items()
  const party = before.find(({ pk }) => String(pk).startsWith('crash#A#'))
  await tables.delete(party)
  expect(await put('crash', cdr)).toBe('duplicate')
  expect(await tables.items()).toEqual(before)
})

test('stores two CDRs that share a natural key but differ, each of them once', async () => {
  const [first, second] = [makeCdr(2), makeCdr(2, { dst: '77', duration: 3 })]
  expect([await put('apart', first), await put('apart', second)]).toEqual(['stored', 'apart'])
  expect([await put('apart', second), await put('apart', first)]).toEqual(['duplicate', 'duplicate'])
  expect((await page('apart', { order: 'oldest' })).cdrs).toEqual([first, second])
  expect(await allCdrs('apart', { called: '77' })).toEqual([second])
})

test('stores three rows for a CDR, two if a party is empty, and four if the linkedid contains no time', async () => {
  const rowsOf = async (site: string, cdr: Cdr) => {
    await put(site, cdr)
    return (await tables.items()).filter((item) => String(item['pk']).startsWith(`${site}#`)).length
  }
  expect(await rowsOf('rows-a', makeCdr(3))).toBe(3)
  expect(await rowsOf('rows-b', makeCdr(3, { dst: '' }))).toBe(2)
  expect(await rowsOf('rows-c', makeCdr(3, { linkedid: 'foreign' }))).toBe(4)
})

test('returns the CDRs of two months in pages, newest first and each once', async () => {
  const cdrs = Array.from({ length: 23 }, (_, n) => makeCdr(n * 1000))
  for (const cdr of cdrs) await put('pages', cdr)
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

test('returns no cursor with the last page, even if that page is full', async () => {
  for (let n = 0; n < 4; n += 1) await put('full', makeCdr(n))
  const first = await page('full', { limit: '2', from: '2026-11-20T00:00:00Z' })
  const second = await page('full', { limit: '2', cursor: first.cursor ?? '' })
  expect([first.cdrs.length, second.cdrs.length, second.cursor]).toEqual([2, 2, undefined])
})

test('a search includes calls that start exactly at its from and to times', async () => {
  for (let n = 0; n < 5; n += 1) await put('period', makeCdr(n))
  const { cdrs } = await page('period', { from: '2026-11-23T19:01:00Z', to: '2026-11-23T19:03:00Z' })
  expect(cdrs.map((cdr) => cdr.sequence)).toEqual([3, 2, 1])
})

const people = ['60', '61', '6012', '0479000060', '0033123456789', '+441632960000', 'anonymous', '']
const dispositions = ['ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED']

test('each kind of search finds the same rows in the same order as a filter over all rows, whatever the page size', async () => {
  const of = <T>(list: readonly T[], n: number) => list[n % list.length] as T
  const sent = Array.from({ length: 160 }, (_, n) =>
    makeCdr(n * 97, {
      // A trunk: its callers have any number.
      channel: `PJSIP/mytrunk-${String(n).padStart(8, '0')}`,
      src: of(people, n * 7),
      dst: of(people, n * 3 + 1),
      disposition: of(dispositions, Math.floor(n / 8)),
      duration: n % 40,
      end: makeCdr(n * 97 + (n % 40) / 60).start,
      accountcode: of(['', 'sales'], n),
    }),
  )
  for (const cdr of sent) await put('search', cdr)
  const canonical: Record<string, string> = {
    '0479000060': '+33479000060',
    '0033123456789': '+33123456789',
    anonymous: '',
  }
  const number = (text: string) => canonical[text] ?? text
  const searches: [Record<string, string>, (cdr: Cdr) => boolean][] = [
    [{ caller: '60' }, ({ src }) => src === '60'],
    [{ called: '04 79 00 00 60' }, ({ dst }) => dst === '0479000060'],
    [{ party: '+33123456789' }, ({ src, dst }) => [src, dst].includes('0033123456789')],
    [{ party: '0479*' }, ({ src, dst }) => [src, dst].some((n) => number(n).startsWith('+33479'))],
    [{ caller: '601*' }, ({ src }) => number(src).startsWith('601')],
    [{ disposition: 'BUSY' }, ({ disposition }) => disposition === 'BUSY'],
    [{ minDuration: '30', accountcode: 'sales' }, (cdr) => cdr.duration >= 30 && cdr.accountcode === 'sales'],
    [{ caller: '61', disposition: 'ANSWERED' }, (cdr) => cdr.src === '61' && cdr.disposition === 'ANSWERED'],
    [{ direction: 'outbound' }, ({ src, dst }) => ['60', '61', '6012'].includes(src) && number(dst).startsWith('+')],
  ]
  const period = { from: '2026-11-01T00:00:00Z', to: '2027-06-01T00:00:00Z' }
  const before = clock
  clock = Date.parse(period.to)
  onTestFinished(() => {
    clock = before
  })
  for (const [query, fits] of searches) {
    const expected = sent.filter(fits)
    expect(expected.length, JSON.stringify(query)).toBeGreaterThan(2)
    const direction = query['direction']
    const found = await allCdrs('search', { ...period, ...query, order: 'oldest', limit: '7' })
    if (direction === undefined) expect(found, JSON.stringify(query)).toEqual(expected)
    else
      expect(
        found.filter(({ src }) => number(src) !== ''),
        JSON.stringify(query),
      ).toEqual(expected)
    const newest = await allCdrs('search', { ...period, ...query, limit: '13' })
    expect(newest).toEqual(found.toReversed())
    const calls = await allCalls('search', { ...period, ...query, order: 'oldest', limit: '5' })
    expect(
      calls.map(({ call }) => call),
      JSON.stringify(query),
    ).toEqual(found.map(({ linkedid }) => linkedid))
  }
})

test('returns all legs of a call as one call, on every page and in every search that finds one leg', async () => {
  for (let n = 0; n < 12; n += 1) {
    const cdr = makeCdr(n, { disposition: 'NO ANSWER', answer: '', billsec: 0 })
    await put('legs', cdr)
    await put(
      'legs',
      makeCdr(n, { dst: '61', lastapp: 'VoiceMail', lastdata: '6001@voicemail,u', dstchannel: '', sequence: 100 + n }),
    )
    await put(
      'legs',
      makeCdr(n, { uniqueid: `${cdr.uniqueid}9`, src: '70', sequence: 200 + n, linkedid: cdr.linkedid }),
    )
  }
  const calls = await allCalls('legs', { limit: '5' })
  expect(calls.map(({ legs }) => legs)).toEqual(Array(12).fill(3))
  expect((await allCalls('legs', { caller: '70', limit: '5' })).map(({ legs }) => legs)).toEqual(Array(12).fill(3))
  expect(calls.every(({ result }) => result === 'voicemail')).toBe(true)
})

test.each([
  [{ from: '2026-11-24T00:00:00Z', to: '2026-11-23T00:00:00Z' }, 'must not be later than'],
  [{ from: '2026-13-45T00:00:00Z' }, 'from: Not a date that exists.'],
  [{ to: '2026-02-30T00:00:00Z' }, 'to: Not a date that exists.'],
  [{ from: '1999-01-01T00:00:00Z' }, 'at most'],
  [{ cursor: 'made.up' }, 'Start without a cursor'],
  [{ caller: '6*' }, 'at least 3 digits'],
  [{ caller: '60', called: '61' }, 'at a time'],
])('refuses the invalid search %j and says why', async (query, words) => {
  await expect(page('bad', query)).rejects.toThrow(words)
})

test.each([
  { caller: '6'.repeat(10_000) },
  { minDuration: '-1' },
  { limit: '501' },
  { fields: 'a;b' },
  { order: 'up' },
])('the schema of search queries rejects an invalid value (case %#)', (query) => {
  expect(v.safeParse(SearchQuery, query).success).toBe(false)
})

test('refuses a cursor that was cut or changed in any character, in 2,000 variants, and a cursor of another site', async () => {
  for (let n = 0; n < 4; n += 1) await put('tampered', makeCdr(n))
  const { cursor = '' } = await page('tampered', { limit: '2' })
  expect(cursor.length).toBeGreaterThan(100)
  for (let n = 0; n < 2_000; n += 1) {
    const at = (n * 7919) % cursor.length
    const other = String.fromCharCode(33 + ((cursor.charCodeAt(at) - 33 + 1 + (n % 92)) % 93))
    const altered = n % 3 === 0 ? cursor.slice(0, at) : cursor.slice(0, at) + other + cursor.slice(at + 1)
    await expect(page('tampered', { cursor: altered })).rejects.toMatchObject({ errorId: 'cursor-invalid' })
  }
  await expect(page('other-site', { cursor })).rejects.toMatchObject({ errorId: 'cursor-invalid' })
})
