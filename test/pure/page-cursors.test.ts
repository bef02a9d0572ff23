import * as v from 'valibot'
import { expect, test } from 'vitest'
import { SearchQuery } from '../../contracts/routes/cdrs.ts'
import { type PageOwner, startPage, writePageCursor } from '../../functions/http/search/page.ts'

const now = Date.parse('2026-11-24T09:00:00.000Z')
const context = { cursorKey: 'k'.repeat(32), now, numbering: { country: 'FR' } as const }
const owner: PageOwner = { site: 'office', list: 'calls', personal: true }
const search = { caller: '60', from: '2026-11-01T00:00:00Z', minDuration: '10', order: 'oldest' }
const after = '2026-11-23T08:00:00Z#1.1#1.1#1'

const start = (by: PageOwner, query: object) => startPage(by, v.parse(SearchQuery, query), context)
const cursor = writePageCursor(owner, { search: start(owner, search).search, after }, context.cursorKey)
const invalid = expect.objectContaining({ errorId: 'cursor-invalid', status: 400 })

test('a cursor continues its search, without filters or with the same ones, and with another page size', () => {
  const position = { search: start(owner, search).search, after }
  expect(position.search.party).toEqual({ sides: ['caller'], exact: '60' })
  for (const query of [{}, search, { caller: '60' }, { limit: '7', fields: 'call' }])
    expect(start(owner, { ...query, cursor })).toEqual(position)
})

test.each<[string, Partial<PageOwner>]>([
  ['a caller who may not see numbers, although its maker may', { personal: false }],
  ['another site', { site: 'other' }],
  ['the list of call records', { list: 'cdrs' }],
  ['an export', { list: 'export' }],
])('refuses the cursor of a search by number to %s', (_, other) => {
  expect(() => start({ ...owner, ...other }, { cursor })).toThrow(invalid)
})

test('refuses the cursor of a caller who may not see numbers to one who may', () => {
  const viewer = { ...owner, personal: false }
  const own = writePageCursor(viewer, { search: start(viewer, {}).search, after }, context.cursorKey)
  expect(start(viewer, { cursor: own }).after).toBe(after)
  expect(() => start(owner, { cursor: own })).toThrow(invalid)
})

test.each([
  { caller: '61' },
  { called: '60' },
  { party: '60' },
  { caller: '60*1' },
  { from: '2026-11-02T00:00:00Z' },
  { to: '2026-11-20T00:00:00Z' },
  { minDuration: '11' },
  { order: 'newest' },
  { direction: 'internal' },
  { result: 'busy' },
  { disposition: 'BUSY' },
  { accountcode: 'a' },
])('refuses a cursor together with the filter %j of another search', (filter) => {
  expect(() => start(owner, { ...filter, cursor })).toThrow(invalid)
})
