import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readUserEvent, withSettings } from '../../bridge/normalise/phone-settings.ts'
import type { EndpointState } from '../../contracts/facts.ts'
import { dndOf, forwardsOf, loopOf, storedOf } from '../../functions/domain/forwards.ts'
import { propertyRuns } from '../support/property.ts'

const since = '2026-11-24T08:00:00.000Z'
function phone(number: string, more: Partial<EndpointState> = {}): EndpointState {
  const base = {
    technology: 'PJSIP',
    resource: `58${number}`,
    deviceState: 'NOT_INUSE',
    reachability: 'online' as const,
  }
  return { endpoint: `PJSIP/58${number}`, ...base, since, number, ...more }
}
const to = (target: string) => ({ target, since })

test.each([
  ['two extensions', { '61': { forward: to('60') } }, '61', ['60', '61', '60']],
  ['three extensions', { '61': { forward: to('62') }, '62': { forward: to('60') } }, '61', ['60', '61', '62', '60']],
  [
    'forwards of different kinds',
    { '61': { forwardBusy: to('62') }, '62': { forwardNoAnswer: to('60') } },
    '61',
    ['60', '61', '62', '60'],
  ],
  ['one extension', {}, '60', ['60', '60']],
] as const)('finds a forwarding loop of %s and returns its extensions', (_, set, target, way) => {
  const states = ['60', '61', '62'].map((number) => phone(number, (set as Record<string, object>)[number]))
  expect(loopOf('60', target, states)).toEqual(way)
})

test('finds no loop in a chain that ends, in a loop of other extensions, or with an outside number', () => {
  const states = [phone('60'), phone('61', { forward: to('62') }), phone('62', { forward: to('61') })]
  expect(loopOf('60', '61', states)).toBeUndefined()
  expect(loopOf('60', '00479000060', states)).toBeUndefined()
})

test('finds loops of any length, so forwards that are allowed one by one never form a loop', () => {
  const number = fc.integer({ min: 10, max: 29 }).map(String)
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number), { maxLength: 60 }), (asked) => {
      const targets = new Map<string, string>()
      const states = () => [...targets].map(([from, target]) => phone(from, { forward: to(target) }))
      for (const [from, target] of asked) if (!loopOf(from, target, states())) targets.set(from, target)
      for (const start of targets.keys()) {
        let at: string | undefined = start
        for (let hops = 0; at !== undefined; hops += 1) {
          expect(hops).toBeLessThanOrEqual(targets.size)
          at = targets.get(at)
        }
      }
    }),
    { numRuns: propertyRuns(300) },
  )
})

function told(fields: Record<string, string>) {
  return readUserEvent({ type: 'ChannelUserevent', eventname: 'Renvoi', userevent: { eventname: 'Renvoi', ...fields } })
}

test('applies settings that the dial plan reports, and keeps the time of unchanged ones', () => {
  const one = told({ Ext: '60', Always: '61', Busy: '', NoAnswer: '00479000060', Unavailable: '', Dnd: '1' })
  if (one?.kind !== 'extension') throw new Error('it is told of an extension')
  const state = withSettings(phone('60', { forwardBusy: to('62') }), one.settings, since)
  expect(forwardsOf('60', state)).toEqual({ extension: '60', always: to('61'), 'no-answer': to('00479000060') })
  expect(dndOf('60', state)).toEqual({ extension: '60', dnd: true, since })
  expect([storedOf('always', state), storedOf('busy', state), storedOf('dnd', state)]).toEqual(['61', '', '1'])
  const later = withSettings(state, { ...one.settings, forward: '62', dnd: false }, '2026-11-24T09:00:00.000Z')
  expect(later.forward?.since).toBe('2026-11-24T09:00:00.000Z')
  expect(later.forwardNoAnswer).toEqual(to('00479000060'))
  expect(later.dnd).toBeUndefined()
})

test('ignores user events that are invalid or of other applications', () => {
  expect(told({ Ext: '60\r\nX' })).toBeUndefined()
  expect(readUserEvent({ type: 'ChannelUserevent', eventname: 'Parking', userevent: { Ext: '60' } })).toBeUndefined()
})
