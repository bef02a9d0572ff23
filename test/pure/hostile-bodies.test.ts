import { expect, test } from 'vitest'
import { definitionOf, routeNames } from '../../contracts/routes.ts'
import { allScopes } from '../../contracts/scopes.ts'
import type { Caller } from '../../functions/caller.ts'
import { readUpload } from '../../functions/domain/grades/upload.ts'
import { authorizeAndParse } from '../../functions/http/authorize.ts'
import type { HttpEvent } from '../../functions/http/input.ts'
import { HttpProblemError } from '../../functions/http/problem.ts'

/**
 * Goal: no body makes a function answer 500, and no answer is larger than Lambda's 6 MB. Method: each route that takes a body gets
 * deep, wide, broken and misleading bodies, as a caller who may use it.
 */
const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth)
const wide = (count: number) => `{${Array.from({ length: count }, (_, n) => `"k${n}":${n}`).join(',')}}`
const hostile: Record<string, string> = {
  '50,000 open brackets': '['.repeat(50_000),
  'an array 50,000 deep': deep('[', ']', 50_000),
  'an object 50,000 deep': `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  'known names that are deep': `{"name":${deep('[', ']', 20_000)},"settings":${deep('[', ']', 20_000)},"rows":${deep('[', ']', 20_000)}}`,
  'metadata that is deep': `{"from":"60","to":"61","metadata":{"a":${deep('[', ']', 20_000)}}}`,
  '10,000 unknown names': wide(10_000),
  'an array of 100,000 zeros': `[${'0,'.repeat(99_999)}0]`,
  '10,000 wrong scopes': `{"name":"x","scopes":[${'1,'.repeat(9_999)}1]}`,
  '10,001 wrong rows': `{"rows":[${'1,'.repeat(10_000)}1]}`,
  '10,000 times the same name': `{${'"name":"x",'.repeat(9_999)}"name":"x"}`,
  'names of Object.prototype': '{"__proto__":{"a":1},"constructor":{"prototype":{}},"toString":1,"hasOwnProperty":1}',
  'a long number': `{"name":${'9'.repeat(100_000)}}`,
  'numbers that are no JSON': '{"name":NaN,"a":Infinity,"b":0x10,"c":01}',
  'an exponent': '{"expiresInDays":1e999,"overlapSeconds":-1e999}',
  'a long text': `{"name":"${'x'.repeat(300_000)}","site":"${'x'.repeat(100_000)}","to":"${'1'.repeat(100_000)}"}`,
  'a text of escapes': `{"name":"${'\\u0000'.repeat(50_000)}"}`,
  'half a surrogate pair': '{"name":"\\ud800","site":"\\udfff","to":"\\ud83d"}',
  'a byte order mark': '\ufeff{"name":"x"}',
  'a NUL': '\u0000',
  'the empty object': '{}',
  'an array': '[]',
  null: 'null',
  'a number': '1',
  'a text': '"x"',
  'two documents': '{}{}',
  'a trailing comma': '{"name":"x",}',
  comments: '{"name":"x"/* */}',
  'an XML bomb': `<!DOCTYPE a [<!ENTITY b "${'b'.repeat(1_000)}">]><a>&b;</a>`,
  'a form': 'name=x&site=y',
  'a long number of spaces': ' '.repeat(300_000),
  'spaces between two braces': `{${' '.repeat(300_000)}}`,
}

const bodyRoutes = routeNames.filter((route) => definitionOf(route).body)
const eventOf = (body: string, type = 'application/json', isBase64Encoded = false) =>
  ({
    headers: { 'content-type': type },
    body,
    isBase64Encoded,
    pathParameters: { site: 'office' },
    requestContext: { domainName: 'api.example' },
  }) as unknown as HttpEvent
const callerOf = (route: (typeof routeNames)[number]): Caller => {
  const { needs } = definitionOf(route)
  if (needs === 'anyone') return { kind: 'unknown' }
  if (needs === 'admin') return { kind: 'admin' }
  return {
    kind: 'key',
    site: 'office',
    keyId: 'k',
    scopes: new Set(allScopes),
    requestsMax: undefined,
    until: undefined,
  }
}
function answerTo(route: (typeof routeNames)[number], event: HttpEvent): unknown {
  try {
    authorizeAndParse(route, definitionOf(route), callerOf(route), event, 0)
  } catch (error) {
    return error
  }
  return 'accepted'
}

test.each(Object.entries(hostile))('every route answers %s with 400, or takes it', (_, body) => {
  for (const route of bodyRoutes) {
    const answer = answerTo(route, eventOf(body))
    if (answer === 'accepted') continue
    expect(answer, route).toBeInstanceOf(HttpProblemError)
    if (!(answer instanceof HttpProblemError)) continue
    expect([route, answer.status]).toEqual([route, 400])
    expect(JSON.stringify(answer.toBody()).length, route).toBeLessThan(100_000)
  }
})

test('bytes that are no UTF-8, and base64 that is none, are no JSON', () => {
  for (const body of ['/////w==', 'eyJuYW1lIjoi/yJ9', '%%%', '']) {
    for (const route of bodyRoutes) {
      const answer = answerTo(route, eventOf(body, 'application/octet-stream', true))
      if (answer !== 'accepted') expect(answer).toMatchObject({ status: 400 })
    }
  }
})

test.each([
  ['a quote that is never closed', `matricule,note\n"${'x'.repeat(200_000)}`],
  ['200,000 quotes', '"'.repeat(200_000)],
  ['100,000 commas', ','.repeat(100_000)],
  ['100,000 empty rows', '\n'.repeat(100_000)],
  ['a heading of 10,000 names', `${'matricule,'.repeat(10_000)}note\n1,2`],
  ['rows of doubled quotes', `matricule,note\n${'"""""""",""""\n'.repeat(10_000)}`],
  ['carriage returns alone', `matricule,note\r${'1,2\r'.repeat(10_000)}`],
])('a CSV file of %s is refused with its faults, not with an error', (_, csv) => {
  const { rows, faults } = readUpload({ csv }, { max: 20, thresholds: [{ from: 0, mention: 'bien' }] })
  expect(rows).toEqual([])
  expect(faults.length).toBeGreaterThan(0)
})
