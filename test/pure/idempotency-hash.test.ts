import { expect, test } from 'vitest'
import type { CallRequest } from '../../contracts/routes/placed-calls.ts'
import { hashOf } from '../../functions/http/idempotency.ts'

/** Goal: the same request has the same hash however it is written, and any other request has another one. */
const request: CallRequest = { from: '60', to: '61', timeoutSeconds: 20, metadata: { ticket: '17', agent: 'a' } }

test('the order of keys does not matter, in the request and within its metadata', () => {
  const other = { metadata: { agent: 'a', ticket: '17' }, timeoutSeconds: 20, to: '61', from: '60' }
  expect(hashOf(other)).toBe(hashOf(request))
})

test.each([
  ['a metadata value', { ...request, metadata: { ticket: '18', agent: 'a' } }],
  ['a metadata name', { ...request, metadata: { tickets: '17', agent: 'a' } }],
  ['two metadata values that changed places', { ...request, metadata: { ticket: 'a', agent: '17' } }],
  ['one metadata value less', { ...request, metadata: { ticket: '17' } }],
  ['empty metadata', { ...request, metadata: {} }],
  ['no metadata', { from: '60', to: '61', timeoutSeconds: 20 }],
  ['another number', { ...request, to: '62' }],
  ['another time', { ...request, timeoutSeconds: 21 }],
])('%s gives another hash', (_, other) => {
  expect(hashOf(other)).not.toBe(hashOf(request))
})
