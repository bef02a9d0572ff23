import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CallState } from '../../contracts/facts.ts'
import { eventsOfFact } from '../../functions/domain/webhooks/call-events.ts'
import { callFact } from '../support/facts.ts'

/**
 * Goal: `callSeq` gives the events of a call one order, whichever of its facts arrives first. Method: the facts of one call in every order;
 * of events with one id the first is sent.
 */
const time = (seconds: number) => new Date(Date.parse('2026-11-23T19:00:00Z') + seconds * 1000).toISOString()
const phone = (number: string) => ({ number, name: '', endpoint: `PJSIP/58${number}` })
const rings = { since: time(1), callees: [phone('61'), phone('62')] }
const states: [CallState['state'], Partial<CallState>][] = [
  ['dialling', { since: time(0), callees: [] }],
  ['ringing', { ...rings, callees: [phone('61')] }],
  ['ringing', rings],
  ['answered', { since: time(4), answeredAt: time(4), callees: [phone('62')] }],
  ['ended', { answeredAt: time(4), endedAt: time(9), result: 'answered', answeredBy: phone('62') }],
]

function factsOf(startedAt: string) {
  return states.map(([state, more], n) => {
    const fact = callFact('office', [1_795_460_000, n + 1], '1.1', state, time(n))
    return { ...fact, data: { ...fact.data, startedAt, ...more } }
  })
}

function sentOf(facts: ReturnType<typeof factsOf>) {
  const events = facts.flatMap((fact) => eventsOfFact('office', fact, { country: 'FR' }))
  const first = new Map(events.toReversed().map((event) => [event.id, event]))
  return [...first.values()]
    .map(({ id, type, data }) => ({ id, type, seq: String(data['callSeq']) }))
    .sort((a, b) => (a.seq < b.seq ? -1 : 1))
}

const types = ['call.started', 'call.ringing', 'call.ringing', 'call.answered', 'call.ended']

test('the events of a call have one order, and places of their own, in whichever order its facts arrive', () => {
  const inOrder = sentOf(factsOf(time(0)))
  expect(inOrder.map(({ type }) => type)).toEqual(types)
  expect(new Set(inOrder.map(({ seq }) => seq)).size).toBe(types.length)
  const anyOrder = fc.shuffledSubarray(factsOf(time(0)), { minLength: states.length })
  fc.assert(
    fc.property(anyOrder, (facts) => {
      expect(sentOf(facts)).toEqual(inOrder)
    }),
  )
})

test('a call begins with its start, though the clock of the PBX was set back after it', () => {
  expect(sentOf(factsOf(time(3600))).map(({ type }) => type)).toEqual(types)
})
