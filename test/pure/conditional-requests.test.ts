import { expect, test } from 'vitest'
import { conditionsOf, readOutcome, strongTags, weakTags } from '../../functions/http/conditions.ts'
import { HttpProblemError } from '../../functions/http/problem.ts'
import { conditionalAnswer } from '../../functions/http/search/conditional-answer.ts'

/** RFC 9110, 13: entity tag lists, weak and strong comparison, `*`, and the order in which preconditions are evaluated. */
test.each([
  ['"x"', undefined, 'unchanged'],
  ['W/"x"', undefined, 'unchanged'],
  ['"a", "x"', undefined, 'unchanged'],
  ['"a",W/"x","b"', undefined, 'unchanged'],
  ['"a,x", "x"', undefined, 'unchanged'],
  ['*', undefined, 'unchanged'],
  ['"a"', undefined, 'changed'],
  ['"X"', undefined, 'changed'],
  ['"a,x"', undefined, 'changed'],
  [undefined, '"x"', 'changed'],
  [undefined, '"a", "x"', 'changed'],
  [undefined, '*', 'changed'],
  [undefined, 'W/"x"', 412],
  [undefined, '"a"', 412],
  ['"x"', '"x"', 'unchanged'],
  // If-Match is evaluated first.
  ['"x"', '"a"', 412],
  ['"a"', '"x"', 'changed'],
])('If-None-Match %s with If-Match %s on the ETag "x" is %s', (noneMatch, match, expected) => {
  const headers = { 'if-none-match': noneMatch, 'if-match': match }
  if (expected !== 412) return expect(readOutcome(headers, 'x')).toBe(expected)
  expect(() => readOutcome(headers, 'x')).toThrow(HttpProblemError)
  expect(() => readOutcome(headers, 'x')).toThrow(/If-Match/)
})

test.each(['x', '"x', 'w/"x"', '"x" "y"', ',', '', '"x",,', '*, "x"', '"\n"'])(
  'refuses %j, which is no list of entity tags, with 400',
  (text) => {
    for (const name of ['if-match', 'if-none-match']) {
      expect(() => conditionsOf({ [name]: text })).toThrow(/Not `\*` or a list of entity tags/)
    }
  },
)

test('compares If-Match strongly and If-None-Match weakly', () => {
  const { match, noneMatch } = conditionsOf({ 'if-match': 'W/"a", "b"', 'if-none-match': 'W/"a", "b"' })
  expect(match && match !== '*' && strongTags(match)).toEqual(['b'])
  expect(noneMatch && noneMatch !== '*' && weakTags(noneMatch)).toEqual(['a', 'b'])
})

test('reads a list of 300 tags, the longest that API Gateway passes on, at once', () => {
  const list = Array.from({ length: 300 }, (_, n) => `"tag-${n}"`).join(', ')
  expect(readOutcome({ 'if-none-match': list }, 'tag-299')).toBe('unchanged')
})

test('a 304 has the headers of its 200 and no body', () => {
  const full = conditionalAnswer({ calls: [] }, {})
  const same = conditionalAnswer({ calls: [] }, { 'if-none-match': full.headers.etag })
  expect([full.status, same.status, same.body]).toEqual([200, 304, undefined])
  expect(same.headers).toEqual(full.headers)
  expect(conditionalAnswer({ calls: [1] }, { 'if-none-match': full.headers.etag }).status).toBe(200)
})
