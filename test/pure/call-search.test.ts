import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import { CallPage } from '../../contracts/routes/calls.ts'
import { makeCdr } from '../support/cdrs.ts'
import type { TestSite } from '../support/deployment.ts'
import { cdrEvent } from '../support/facts.ts'
import { type InProcessApi, inProcessApi } from '../support/in-process-api.ts'

/** Goal: a search by results or by a name finds these calls alone, on whatever page, and tells nobody a name who may not see it. */
let api: InProcessApi
let site: TestSite
let viewer: string

/** Rang until its time was over. */
const unanswered = { disposition: 'NO ANSWER', answer: '', billsec: 0, lastdata: 'PJSIP/5861,9' }
const ended = [
  { disposition: 'ANSWERED', clid: '"Élodie Dupont" <60>' },
  { ...unanswered, clid: '"DUPONT  Jean" <0612345678>' },
  { disposition: 'BUSY', answer: '', billsec: 0, clid: 'Martin <61>' },
  { ...unanswered, src: '62', clid: '"" <62>', cnam: 'Société Élan' },
]

beforeAll(async () => {
  api = await inProcessApi()
  site = await api.makeSite('search')
  const cdrs = ended.map((fields, n) => makeCdr(n, fields))
  await api.send(
    site,
    'records',
    cdrs.map((cdr) => cdrEvent('search', cdr)),
  )
  const answer = await api.call('POST', '/v1/sites/search/keys', {
    key: site.site.apiKey,
    body: { name: 'viewer', scopes: ['calls:read', 'cdrs:read'] },
  })
  viewer = v.parse(v.looseObject({ secret: v.string() }), await answer.json()).secret
})

const period = 'from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z'
const ask = (query: string, key = site.site.apiKey) => api.call('GET', `/v1/sites/search/${query}`, { key })

/** Names or numbers of the callers whom the search finds, page by page. */
async function found(query: string): Promise<string[]> {
  const callers: string[] = []
  let next = ''
  do {
    const { calls, cursor } = v.parse(
      CallPage,
      await (await ask(`calls?limit=1&${next || `${period}&${query}`}`)).json(),
    )
    callers.push(...calls.map(({ caller }) => caller.name || caller.number))
    next = cursor ? `cursor=${encodeURIComponent(cursor)}` : ''
  } while (next)
  return callers.sort()
}

test.each([
  ['result=answered', ['Élodie Dupont']],
  ['result=no-answer,busy', ['62', 'DUPONT  Jean', 'Martin']],
  ['result=busy,answered', ['Martin', 'Élodie Dupont']],
  ['result=unknown,expired', []],
  ['name=dupont', ['DUPONT  Jean', 'Élodie Dupont']],
  ['name=ELODIE', ['Élodie Dupont']],
  [`name=${encodeURIComponent('dupont jean')}`, ['DUPONT  Jean']],
  [`name=${encodeURIComponent('societe é')}`, ['62']],
  ['name=dupont&result=no-answer', ['DUPONT  Jean']],
  ['name=nobody', []],
])('a search of calls by %s finds %j', async (query, callers) => {
  expect(await found(query)).toEqual(callers)
})

test('a search of records by name finds these records', async () => {
  const { cdrs } = v.parse(
    v.looseObject({ cdrs: v.array(v.unknown()) }),
    await (await ask(`cdrs?${period}&name=dupont`)).json(),
  )
  expect(cdrs).toHaveLength(2)
})

test.each([
  ['calls?result=busy,nonsense', 'result'],
  ['calls?result=busy,', 'result'],
  ['calls?name=a', 'name'],
  [`calls?name=${'a'.repeat(81)}`, 'name'],
  // A record has no result.
  ['cdrs?result=busy', 'result'],
])('%s is refused, and the field is named', async (query, field) => {
  const answer = await ask(query)
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain(`"field":"${field}"`)
})

test('a key that may not see names gets the same refusal for a name that exists and for one that does not', async () => {
  const answers = await Promise.all(
    ['dupont', 'nobody'].map(async (name) => {
      const { status, text } = await ask(`calls?name=${name}`, viewer).then(async (answer) => ({
        status: answer.status,
        text: (await answer.text()).replace(/"requestId":"[^"]*"/, ''),
      }))
      return { status, text }
    }),
  )
  expect(answers[0]).toMatchObject({ status: 403 })
  expect(answers[0]?.text).toContain('scope-missing')
  expect(answers[1]).toEqual(answers[0])
})

test('the cursor of a search by results and name refuses another search', async () => {
  const { cursor = '' } = v.parse(CallPage, await (await ask(`calls?${period}&limit=1&name=dupont`)).json())
  expect((await ask(`calls?cursor=${encodeURIComponent(cursor)}&name=martin`)).status).toBe(400)
  expect((await ask(`calls?cursor=${encodeURIComponent(cursor)}&name=DUPONT`)).status).toBe(200)
})
