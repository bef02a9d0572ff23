import { describe, expect, test } from 'vitest'
import { filterOf, grouped, isIn, listed } from '../../dashboard/extension-list.ts'
import { extensionViews } from '../../dashboard/extension-view.ts'
import { toggled } from '../../dashboard/toggled.ts'
import { call, endpointState, party } from '../browser/support/facts.ts'

const since = '2026-11-24T08:00:00.000Z'
const phone = (number: string, deviceState: string, more: object = {}) =>
  endpointState(`58${number}`, deviceState, { number, since, ...more })

describe('an extension on the board', () => {
  test('is one tile for all its phones: it rings if one of them rings, and shows who calls', () => {
    const states = [
      phone('60', 'NOT_INUSE'),
      { ...phone('60', 'RINGING'), endpoint: 'PJSIP/soft60', resource: 'soft60' },
    ]
    const rings = call('1.1', 'ringing', {
      caller: party('0612345678', 'Marie'),
      callees: [party('60', '', 'soft60')],
    }).state
    expect(extensionViews(states, [rings])).toMatchObject([
      { extension: '60', word: 'ringing', endpoint: 'PJSIP/5860', peer: { main: 'Marie' }, calls: ['1.1'] },
    ])
  })

  test('says calling and not on call before its call is answered, and counts from the answer', () => {
    const dialling = call('1.1', 'dialling', { caller: party('60', '', '5860'), callees: [], dialled: '61' }).state
    const busy = [phone('60', 'INUSE')]
    expect(extensionViews(busy, [dialling])).toMatchObject([{ word: 'calling', peer: { main: '61' } }])
    const answeredAt = '2026-11-24T08:00:09.000Z'
    const talks = { ...dialling, state: 'answered' as const, answeredAt }
    expect(extensionViews(busy, [talks])).toMatchObject([{ word: 'on-call', sinceMs: Date.parse(answeredAt) }])
  })

  test('shows both of its calls, and while a second one rings, who rings', () => {
    const talks = call('1.1', 'answered', { answeredAt: since, startedAt: since }).state
    const rings = call('1.2', 'ringing', {
      caller: party('0612345678', 'Marie'),
      callees: [party('60', '', '5860')],
      startedAt: '2026-11-24T08:05:00.000Z',
    }).state
    expect(extensionViews([phone('60', 'RINGINUSE')], [rings, talks])).toMatchObject([
      { word: 'ringing', peer: { main: 'Marie' }, calls: ['1.1', '1.2'] },
    ])
  })

  test('says forwarded only if it is idle and all its calls go elsewhere', () => {
    const forward = { target: '61', since }
    const words = (deviceState: string, more: object) => extensionViews([phone('60', deviceState, more)], [])[0]?.word
    expect(words('NOT_INUSE', { forward })).toBe('forwarded')
    expect(words('NOT_INUSE', { forwardBusy: forward })).toBe('available')
    expect(words('RINGING', { forward })).toBe('ringing')
    expect(words('UNAVAILABLE', { forward })).toBe('offline')
    expect(words('NOT_INUSE', { forward, dnd: { since } })).toBe('dnd')
  })

  test('is neither a trunk nor a lamp, and has the name of its device if the key may not see its number', () => {
    const trunk = endpointState('provider', 'INUSE', { trunk: {} })
    const lamp = endpointState('DND60', 'INUSE', { endpoint: 'Custom/DND60', technology: 'Custom' })
    const hidden = endpointState('5860', 'NOT_INUSE', { number: '…', name: '…' })
    expect(extensionViews([trunk, lamp, hidden], [])).toMatchObject([{ extension: '5860', name: '' }])
  })

  test('is drawn again if anything that it shows has changed, and not otherwise', () => {
    const key = (more: object) => extensionViews([phone('60', 'NOT_INUSE', more)], [])[0]?.key
    const before = key({})
    expect(key({ roundTripMs: 12 })).toBe(before)
    for (const more of [
      { name: 'A' },
      { dnd: { since } },
      { mailbox: { new: 1, old: 0, since } },
      { forward: { target: '1', since } },
    ]) {
      expect(key(more)).not.toBe(before)
    }
  })
})

describe('the list of extensions', () => {
  const views = extensionViews(
    [
      phone('100', 'INUSE', { name: 'Élodie Garnier' }),
      phone('20', 'NOT_INUSE', { name: 'Bruno', dnd: { since } }),
      phone('101', 'NOT_INUSE', { name: 'Zoé', forwardBusy: { target: '20', since } }),
    ],
    [],
  )
  const shown = (query: string) => listed(views, filterOf(new URLSearchParams(query))).map(({ extension }) => extension)

  test('is in the order of numbers, and filters by name without accents, number and state', () => {
    expect(shown('')).toEqual(['20', '100', '101'])
    expect(shown('q=elodie')).toEqual(['100'])
    expect(shown('q=on call')).toEqual(['100'])
    expect(shown('q=10 zo')).toEqual(['101'])
    expect(shown('state=forwarded')).toEqual(['101'])
    expect(shown('state=dnd')).toEqual(['20'])
    expect(shown('q=nobody')).toEqual([])
    expect(shown('state=nonsense&sort=nonsense')).toEqual(['20', '100', '101'])
  })

  test('sorts by name and by urgency', () => {
    expect(shown('sort=name')).toEqual(['20', '100', '101'])
    expect(shown('sort=state')).toEqual(['100', '20', '101'])
  })

  test('counts a phone on hold or calling as on call', () => {
    const [held] = extensionViews([phone('60', 'ONHOLD')], [])
    expect(held && isIn(held, 'on-call')).toBe(true)
  })

  test('is grouped by the first digit of equally long numbers if it is long', () => {
    const many = extensionViews(
      Array.from({ length: 14 }, (_, n) => phone(String(n < 7 ? 100 + n : 200 + n), 'NOT_INUSE')),
      [],
    )
    const filter = filterOf(new URLSearchParams())
    expect(grouped(many, filter).map(({ title }) => title)).toEqual(['100 – 106', '207 – 213'])
    expect(grouped(many.slice(0, 5), filter)).toHaveLength(1)
  })
})

test('toggled puts an item in or takes it out, and leaves the given set as it is', () => {
  const given: ReadonlySet<string> = new Set(['101', '102'])
  expect([...toggled(given, '103')]).toEqual(['101', '102', '103'])
  expect([...toggled(given, '101')]).toEqual(['102'])
  expect([...given]).toEqual(['101', '102'])
})
