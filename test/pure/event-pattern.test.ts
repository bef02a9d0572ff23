import { expect, test } from 'vitest'
import { checkPattern, matchesPattern } from '../../infra/local/events/event-pattern.ts'
import { createEventBuses } from '../../infra/local/services/event-bus.ts'

const event = {
  source: 'office',
  'detail-type': 'call.ended',
  resources: ['a', 'b'],
  detail: {
    data: { result: 'no-answer', talkSeconds: 0, final: true, queue: null, Name: 'Müller*' },
    legs: [
      { to: '60', state: 'busy' },
      { to: '61', state: 'answered' },
    ],
  },
}
const data = (name: string, ...conditions: unknown[]) => ({ detail: { data: { [name]: conditions } } })
const rows: [pattern: Record<string, unknown>, isMatch: boolean][] = [
  [{ source: ['office'] }, true],
  [{ source: ['home', 'office'] }, true],
  [{ source: ['Office'] }, false],
  [{ source: ['office'], 'detail-type': ['call.missed'] }, false],
  [{ resources: ['b'] }, true],
  [{ resources: ['c'] }, false],
  [{ source: [{ prefix: 'off' }] }, true],
  [{ source: [{ prefix: 'ice' }] }, false],
  [{ source: [{ prefix: { 'equals-ignore-case': 'OFF' } }] }, true],
  [{ source: [{ suffix: 'ice' }] }, true],
  [{ source: [{ 'equals-ignore-case': 'OFFICE' }] }, true],
  [{ 'detail-type': [{ wildcard: 'call.*' }] }, true],
  [{ 'detail-type': [{ wildcard: '*.missed' }] }, false],
  [{ 'detail-type': [{ wildcard: 'call*ended' }] }, true],
  [data('Name', { wildcard: 'M*\\*' }), true],
  [{ source: [{ wildcard: 'offic.' }] }, false],
  [data('result', { 'anything-but': 'answered' }), true],
  [data('result', { 'anything-but': ['answered', 'no-answer'] }), false],
  [data('result', { 'anything-but': { prefix: 'no' } }), false],
  [data('result', { 'anything-but': { suffix: ['x', 'y'] } }), true],
  [data('absent', { 'anything-but': 'x' }), false],
  [data('talkSeconds', 0), true],
  [data('talkSeconds', '0'), false],
  [data('talkSeconds', { numeric: ['>', 0, '<=', 5] }), false],
  [data('talkSeconds', { numeric: ['>=', 0] }), true],
  [data('talkSeconds', { numeric: ['=', 0] }), true],
  [data('result', { numeric: ['>', 0] }), false],
  [data('talkSeconds', { 'anything-but': 5 }), true],
  [data('final', true), true],
  [data('final', 'true'), false],
  [data('queue', null), true],
  [data('queue', { exists: true }), true],
  [data('absent', { exists: false }), true],
  [data('absent', { exists: true }), false],
  [{ detail: { other: { x: [{ exists: false }] } } }, true],
  [{ detail: { data: [{ exists: true }] } }, false],
  [{ detail: { legs: { to: ['61'], state: ['answered'] } } }, true],
  [{ detail: { legs: { to: ['60'], state: ['answered'] } } }, false],
  [{ $or: [{ source: ['x'] }, { 'detail-type': ['call.ended'] }] }, true],
  [{ $or: [{ source: ['x'] }, { source: ['y'] }] }, false],
  [{ detail: { $or: [data('final', false).detail, data('final', true).detail] } }, true],
]
test.each(rows)('the pattern %j matches: %s', (pattern, isMatch) => {
  checkPattern(pattern, 'rule')
  expect(matchesPattern(pattern, event)).toBe(isMatch)
})

test.each([
  {},
  [],
  { source: 'office' },
  { source: [] },
  { source: [{ cidr: '10.0.0.0/8' }] },
  { source: [{ regex: 'x' }] },
  { source: [{ prefix: 5 }] },
  { source: [{ wildcard: 'a**' }] },
  { source: [{ numeric: ['>'] }] },
  { source: [{ numeric: ['>', '5'] }] },
  { source: [{ exists: 'yes' }] },
  { source: [{ 'anything-but': [] }] },
  { source: [['x']] },
  { $or: [{ source: ['x'] }] },
])('refuses the pattern %j with the name of its rule', (pattern) => {
  expect(() => checkPattern(pattern, 'MissedCalls')).toThrow(/MissedCalls/)
})

const put = async (Entries: unknown[]) => {
  const buses = createEventBuses('eu-west-3')
  const seen: string[] = []
  buses.onEvent((bus, { source, time }) => void seen.push(`${bus} ${source} ${time}`))
  const body = Buffer.from(JSON.stringify({ Entries }))
  const answer = await buses.call({ 'x-amz-target': 'AWSEvents.PutEvents' }, body)
  return { status: answer.status, seen, body: JSON.parse(answer.body.toString()) }
}
const good = { Source: 'office', DetailType: 'call.ended', Detail: '{}', EventBusName: 'b', Time: 1.9 }

test('PutEvents answers the error of each entry in its place and takes the others', async () => {
  const arn = 'arn:aws:events:eu-west-3:000000000000:event-bus/own'
  const { Source, ...noSource } = good
  const { DetailType, ...noType } = good
  const { Detail, ...noDetail } = good
  const aws = { ...good, Source: 'aws.events' }
  const odd = ['[]', 'null', '{', '"x"'].map((text) => ({ ...good, Detail: text }))
  const { status, body, seen } = await put([
    good,
    noSource,
    noType,
    noDetail,
    aws,
    ...odd,
    { ...good, EventBusName: arn },
  ])
  expect(status).toBe(200)
  expect(body.FailedEntryCount).toBe(8)
  expect(body.Entries.map((entry: { ErrorCode?: string }) => entry.ErrorCode)).toEqual([
    undefined,
    ...Array(3).fill('InvalidArgument'),
    'NotAuthorizedForSourceException',
    ...Array(4).fill('MalformedDetail'),
    undefined,
  ])
  expect(seen).toEqual(['b office 1970-01-01T00:00:01Z', 'own office 1970-01-01T00:00:01Z'])
})

test('PutEvents refuses no entry, more than ten, and more than a megabyte by AWS’s rule of size', async () => {
  const size = (bytes: number) => ({ ...good, Detail: JSON.stringify({ a: 'x'.repeat(bytes - 14 - 6 - 10 - 8) }) })
  expect((await put([])).status).toBe(400)
  expect((await put(Array(11).fill(good))).body.__type).toBe('ValidationException')
  expect((await put([size(1024 * 1024)])).status).toBe(200)
  expect((await put([size(1024 * 1024 + 1)])).body.Message).toContain('over the limit')
})
