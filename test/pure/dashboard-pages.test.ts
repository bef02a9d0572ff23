import { describe, expect, test } from 'vitest'
import type { CallPage } from '../../client/call-log.ts'
import { callFilterOf, callQuery, partyOf } from '../../dashboard/calls/call-filter.ts'
import { CallList } from '../../dashboard/calls/call-list.ts'
import { legBars } from '../../dashboard/calls/legs.tsx'
import { callSentence } from '../../dashboard/calls/story.ts'
import { extensionViews } from '../../dashboard/extension-view.ts'
import { extensionsCsv } from '../../dashboard/extensions/extensions-csv.ts'
import { showZone } from '../../dashboard/moments.ts'
import { addressOf, routeOf } from '../../dashboard/router.ts'
import { cacheControl, contentPolicy, fileOf } from '../../dashboard/serving.ts'
import { keyState } from '../../dashboard/settings/key-state.ts'
import { answerRate, axisTop, busyHours, hourOf, sumBy } from '../../dashboard/stats/figures.ts'
import { before, periodOf, spanOf, spanTo } from '../../dashboard/stats/period.ts'
import { endedCall, endpointState } from '../browser/support/facts.ts'
import { statsRow } from '../browser/support/sample-site.ts'
import { makeCdr } from '../support/cdrs.ts'

describe('addresses', () => {
  test.each([
    ['/', { page: 'board', item: undefined }],
    ['/board/60', { page: 'board', item: '60' }],
    ['/calls/pbx%2F1.42?result=busy', { page: 'calls', item: 'pbx/1.42' }],
    ['/calls/%E0%A4%A', { page: 'calls', item: '%E0%A4%A' }],
    ['/nowhere/1', { page: 'board', item: undefined }],
  ])('%s is the page and the item %j', (path, route) => {
    expect(routeOf(new URL(path, 'http://page'))).toMatchObject(route)
  })

  test('an address leads back to what it was made of, and has no empty filters', () => {
    const address = addressOf('calls', 'a/b c?', { q: 'x&y', to: '' })
    expect(address).toBe('/calls/a%2Fb%20c%3F?q=x%26y')
    expect(routeOf(new URL(address, 'http://page'))).toMatchObject({ page: 'calls', item: 'a/b c?' })
  })

  test('the server answers the pages’ own addresses with index.html, files with themselves, and nothing else', () => {
    const files = new Set(['/index.html', '/main-AAAAAAAA.js'])
    const file = (path: string) => fileOf(path, (name) => files.has(name))
    expect(['/', '/calls/1.4', '/wall'].map(file)).toEqual(Array(3).fill('/index.html'))
    expect(file('/main-AAAAAAAA.js')).toBe('/main-AAAAAAAA.js')
    expect(['/boards', '/main-BBBBBBBB.js', '/../secret', '/.env'].map(file)).toEqual(Array(4).fill(undefined))
    expect(cacheControl('/main-AAAAAAAA.js')).toContain('immutable')
    expect(cacheControl('/index.html')).toBe('no-cache')
    expect(contentPolicy).not.toContain('unsafe')
  })
})

describe('the list of calls', () => {
  test('asks for whole days of the site’s zone, and for no end if the day is today', () => {
    showZone('Europe/Paris')
    const now = Date.parse('2026-12-01T10:00:00Z')
    const query = (text: string) => callQuery(callFilterOf(new URLSearchParams(text)), { party: '', name: '' }, now)
    expect(query('from=2026-11-01&to=2026-11-02')).toEqual({
      limit: '50',
      from: '2026-10-31T23:00:00Z',
      to: '2026-11-02T23:00:00Z',
    })
    expect(query('to=2026-11-02')['from']).toBe('2026-10-01T22:00:00Z')
    expect(query('to=2026-12-01')).toEqual({ limit: '50' })
    expect(query('result=nonsense&direction=up&minDuration=-1&from=x')).toEqual({ limit: '50' })
  })

  test('looks a name up among the extensions, and leaves a number as it is', () => {
    const views = extensionViews(
      ['Élodie', 'Bruno A', 'Bruno B'].map((name, n) => endpointState(`5${n}`, 'NOT_INUSE', { number: `6${n}`, name })),
      [],
    )
    expect(partyOf('elodie', views, true)).toMatchObject({ party: '60', name: '' })
    expect(partyOf('06 12*', views, true)).toEqual({ party: '06 12*', name: '', matches: [] })
    expect(partyOf('bruno', views, true)).toMatchObject({ party: '', name: 'bruno', matches: [{}, {}] })
    expect(partyOf('nobody', views, true)).toEqual({ party: '', name: 'nobody', matches: [] })
    expect(partyOf('nobody', views, false)).toEqual({ party: '', name: '', matches: [] })
    expect(partyOf('é', views, true)).toMatchObject({ party: '', name: '' })
  })

  test('reads page after page, ignores the answer to an earlier search, and keeps its rows if a page fails', async () => {
    const answers: ((page: CallPage | Error) => void)[] = []
    const source = {
      listCalls: () =>
        new Promise<CallPage>((resolve, reject) => {
          answers.push((page) => (page instanceof Error ? reject(page) : resolve(page)))
        }),
    }
    const list = new CallList(source, () => undefined)
    const ids = () => list.calls.map(({ call }) => call)
    const first = list.search({ limit: '2' })
    const second = list.search({ limit: '2', result: 'busy' })
    answers[1]?.({ calls: [endedCall('2')], cursor: 'c' })
    answers[0]?.({ calls: [endedCall('1')] })
    await Promise.all([first, second])
    expect(ids()).toEqual(['2'])
    const failing = list.older()
    await list.older()
    expect(answers).toHaveLength(3)
    answers[2]?.(new Error('no answer'))
    await failing
    expect([list.failure, ids(), list.hasOlder]).toEqual(['Error: no answer', ['2'], true])
    const older = list.older()
    answers[3]?.({ calls: [endedCall('2'), endedCall('3')] })
    await older
    expect([list.failure, ids(), list.hasOlder]).toEqual([undefined, ['2', '3'], false])
  })

  test('says what became of a call', () => {
    const at = '2026-11-24T08:00:00.000Z'
    expect(callSentence(endedCall('1', { result: 'no-answer', ringSeconds: 20 }))).toBe(
      'Rang for 20 s, nobody answered',
    )
    const story = [
      { at, what: 'forwarded' as const, who: '0612489033' },
      { at, what: 'answered' as const, who: 'Workshop' },
    ]
    expect(callSentence(endedCall('1', { ringSeconds: 1, story }))).toBe(
      'Forwarded to 06\u00a012\u00a048\u00a090\u00a033. Workshop answered after 1 s',
    )
    const { result: _, ...unknown } = endedCall('1')
    expect(callSentence(unknown)).toBe('Nothing says how it ended')
  })

  test('draws when each leg rang and talked, also one without an answer or an end', () => {
    const start = '2026-11-24T08:00:00+0000'
    const cdrs = [
      makeCdr(0, { start, answer: '2026-11-24T08:00:05+0000', end: '2026-11-24T08:00:20+0000' }),
      makeCdr(1, { start: '2026-11-24T09:00:02+0100', answer: '', end: '', duration: 3 }),
    ]
    expect(legBars(cdrs)).toMatchObject([
      { start: 0, answer: 5, end: 20 },
      { start: 2, answer: 5, end: 5 },
    ])
  })
})

describe('the table of extensions as CSV', () => {
  test('quotes names, and no cell is a formula for a spreadsheet', () => {
    const views = extensionViews([endpointState('5860', 'NOT_INUSE', { number: '60', name: '=HYPERLINK("x"),"' })], [])
    const [, row] = extensionsCsv(views).split('\r\n')
    expect(row).toBe(`60,"'=HYPERLINK(""x""),""",Available,,,,,no,0`)
  })
})

describe('statistics', () => {
  test('a period is compared with the one just before it; an odd one in the address is the last week', () => {
    showZone('Europe/Paris')
    const now = Date.parse('2026-11-30T23:30:00Z')
    expect(periodOf(new URLSearchParams(), now)).toEqual({ from: '2026-11-25', to: '2026-12-01' })
    expect(periodOf(new URLSearchParams('from=2026-11-09&to=2026-11-01'), now).to).toBe('2026-12-01')
    expect(periodOf(new URLSearchParams('from=2020-01-01&to=2026-11-01'), now).to).toBe('2026-12-01')
    expect(before({ from: '2026-11-25', to: '2026-12-01' })).toEqual({ from: '2026-11-18', to: '2026-11-24' })
    expect(spanOf(spanTo('month', '2026-03-01'))).toBe('month')
  })

  test('adds up both hours of a change of the clocks, and shows at least the hours of work', () => {
    const rows = [statsRow('2026-10-25T02:00+02:00', 10), statsRow('2026-10-25T02:00+01:00', 20)]
    expect(sumBy(rows, ['02'], ({ key }) => hourOf(key)).get('02')?.answered).toBe(
      rows.reduce((sum, { answered }) => sum + answered, 0),
    )
    expect(busyHours(rows)[0]).toBe('02')
    expect(busyHours([])).toHaveLength(10)
    expect(answerRate({ answered: 0, voicemail: 0, abandoned: 0, busy: 0, failed: 0 })).toBeUndefined()
  })

  test.each([
    [0, 4],
    [1, 4],
    [7, 8],
    [96, 100],
    [130, 200],
    [1_001, 2_000],
  ])('an axis for %d ends at %d', (value, top) => {
    expect(axisTop(value)).toBe(top)
  })
})

test('a key is revoked, expired, frozen, about to expire or active', () => {
  const now = Date.parse('2026-11-24T08:00:00Z')
  const key = { key: 'a', kind: 'key' as const, name: 'a', scopes: [], createdAt: '', createdBy: '' }
  const state = (more: object) => keyState({ ...key, ...more }, now)
  expect(state({})).toBe('active')
  expect(state({ expiresAt: '2026-11-25T08:00:00Z' })).toBe('expires')
  expect(state({ expiresAt: '2026-11-24T08:00:00Z', frozenAt: 'x' })).toBe('expired')
  expect(state({ frozenAt: 'x' })).toBe('frozen')
  expect(state({ revokedAt: 'x', frozenAt: 'x' })).toBe('revoked')
})
