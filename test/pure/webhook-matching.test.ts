import { describe, expect, test } from 'vitest'
import type { StoredEvent } from '../../functions/domain/webhooks/event.ts'
import { matches, type Subscription } from '../../functions/domain/webhooks/match.ts'
import { callStates, endpointStates, queueParts, secrets } from '../support/hidden-worlds.ts'

const now = Date.parse('2026-11-24T09:00:00.000Z')
const day = 86_400_000
const viewer = { scopes: ['presence:read', 'calls:read', 'cdrs:read'] }
const operator = { scopes: [...viewer.scopes, 'presence:personal', 'cdrs:personal'] }

function eventOf(type: StoredEvent['type'], data: Record<string, unknown>, at = now): StoredEvent {
  return { id: 'evt_1', type, time: new Date(at).toISOString(), data }
}
const all: Subscription = { types: ['*'], createdAt: now - day }
const wants = (event: StoredEvent, more: Partial<Subscription>, reader = operator) =>
  matches(event, { ...all, ...more }, reader, now)

describe('a filter by number', () => {
  const [secret, other] = secrets
  const events = (of: typeof secret) => [
    ...callStates(of).map((state) =>
      eventOf('call.answered', { ...state, callSeq: '1', final: false, party: of.number }),
    ),
    ...endpointStates(of).map((state) => eventOf('endpoint.changed', { ...state })),
    ...queueParts(of).map(([id, { part, queue, ...member }]) =>
      eventOf('queue.changed', { queue, id, part, change: 'added', ...(part !== 'queue' && { [part]: member }) }),
    ),
  ]
  const decisions = (of: typeof secret, reader: typeof viewer) =>
    [secret.number, secret.name, other.number, other.name, '60'].flatMap((name) =>
      events(of).map((event) => wants(event, { filters: { extensions: [name] } }, reader)),
    )

  test('decides the same for a reader who may not see a number, whatever the number is', () => {
    expect(decisions(secret, viewer)).toEqual(decisions(other, viewer))
  })

  test('finds the number for a reader who may see it', () => {
    expect(decisions(secret, operator)).not.toEqual(decisions(other, operator))
  })
})

test.each([
  ['of an hour before the webhook was made', { createdAt: now }, now - 3_600_000, false],
  ['of five minutes before, which a wrong clock may explain', { createdAt: now }, now - 300_000, true],
  ['of eight days ago', { createdAt: now - 30 * day }, now - 8 * day, false],
  ['of six days ago', { createdAt: now - 30 * day }, now - 6 * day, true],
])('an event %s: %j', (_, more, at, isSent) => {
  const [state] = endpointStates(secrets[0])
  expect(wants(eventOf('endpoint.changed', { ...state }, at), more)).toBe(isSent)
})

test('a reader without the scope of an event gets none, and a chat gets the end of a call once, when it is final', () => {
  const [state] = callStates(secrets[0])
  const ended = (final: boolean) => eventOf('call.ended', { ...state, callSeq: '1', final })
  expect(wants(ended(true), {}, { scopes: ['cdrs:read'] })).toBe(false)
  expect([false, true].map((final) => wants(ended(final), { format: 'slack' }))).toEqual([false, true])
  expect([false, true].map((final) => wants(ended(final), {}))).toEqual([true, true])
})
