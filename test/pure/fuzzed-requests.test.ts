import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { errorsOf } from '../../contracts/routes/route-errors.ts'
import { definitionOf, type Route } from '../../contracts/routes.ts'
import { allScopes } from '../../contracts/scopes.ts'
import type { Caller } from '../../functions/caller.ts'
import { authorizeAndParse, callerOf } from '../../functions/http/authorize.ts'
import { asyncApi } from '../../functions/http/documents/asyncapi.ts'
import { openApi } from '../../functions/http/documents/openapi.ts'
import type { HttpEvent } from '../../functions/http/input.ts'
import { HttpProblemError } from '../../functions/http/problem.ts'
import { parseFrame } from '../../functions/websocket/message/parse-frame.ts'
import { bodyOf, decodedPath } from '../../infra/local/http/http-event.ts'
import { type AsyncApi, frameMaker } from '../support/fuzz/frames.ts'
import { type FuzzRequest, type OpenApi, requestMaker } from '../support/fuzz/requests.ts'
import { Random } from '../support/random.ts'

/**
 * Goal: no request and no frame that the served documents suggest makes the checks before the use case throw anything but a problem which
 * the documents declare. Method: the generators of the campaign `fuzz`, without a network. Only what reaches a use case needs the cloud.
 */
const seed = Number(process.env['TEST_SEED'] ?? 1)
const served = <T>(document: unknown): T => JSON.parse(JSON.stringify(document))
const caller: Caller = {
  kind: 'key',
  site: 'office',
  keyId: 'k',
  scopes: new Set(allScopes),
  requestsMax: undefined,
  until: undefined,
}

function eventOf({ route, target, headers, body }: FuzzRequest): HttpEvent {
  const [path = '', query = ''] = target.split('?')
  const [, template = ''] = route.split(' ')
  const names = template.split('/')
  const values = path.split('/').map((segment, n) => [names[n] ?? '', decodedPath(segment)] as const)
  const search = new URLSearchParams(query)
  const given = [...new Set(search.keys())].map((name) => [name, search.getAll(name).join(',')])
  const type = headers.find(([name]) => name === 'content-type')?.[1]
  return {
    routeKey: route,
    headers: Object.fromEntries(headers),
    pathParameters: Object.fromEntries(
      values.flatMap(([name, value]) => (name.startsWith('{') ? [[name.slice(1, -1), value]] : [])),
    ),
    ...(given.length > 0 && { queryStringParameters: Object.fromEntries(given) }),
    requestContext: { domainName: 'api.example', authorizer: { lambda: {} } },
    ...bodyOf(Buffer.from(body ?? '', 'base64'), type),
  } as unknown as HttpEvent
}

/** Returns 'accepted' or the `errorId` of the problem with which a request is refused. Anything else that is thrown passes through. */
function outcomeOf(request: FuzzRequest): string {
  const route = request.route as Route
  const definition = definitionOf(route)
  const event = eventOf(request)
  const as: Partial<Record<string, Caller>> = {
    admin: { kind: 'admin' },
    anyone: callerOf({ ...definition, needs: 'anyone' }, event, 0),
  }
  try {
    authorizeAndParse(route, definition, as[definition.needs] ?? caller, event, 0)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof HttpProblemError)) throw error
    const { errorId, status } = error
    expect([route, errorId, errorsOf(route, definition)[errorId]?.status]).toEqual([route, errorId, status])
    return errorId
  }
}

const requestSchemas = new Ajv2020({ strict: false, validateFormats: false })

/** Whether the OpenAPI document describes the body of a request. */
function describesBody(document: OpenApi, { route, body, headers }: FuzzRequest): boolean {
  const [method = '', path = ''] = route.split(' ')
  const schema = document.paths[path]?.[method.toLowerCase()]?.requestBody?.content['application/json']?.schema
  const isJson = headers.every(([name, value]) => name !== 'content-type' || !value.startsWith('text/csv'))
  if (!schema || !isJson || body === undefined || body === '') return true
  return requestSchemas.validate(schema, JSON.parse(Buffer.from(body, 'base64').toString()))
}

test('checks 1,500 requests made from the OpenAPI document: accepts only bodies that it describes, refuses with problems that it declares', () => {
  const document = served<OpenApi>(openApi('https://api'))
  const make = requestMaker(document, new Random(seed))
  const world = { key: () => undefined, known: (name: string) => (name === 'site' ? 'office' : undefined) }
  const outcomes = new Map<string, number>()
  for (let n = 0; n < 1_500; n++) {
    const request = make(world)
    const outcome = outcomeOf(request)
    const text = () =>
      `seed ${seed}: ${Buffer.from(request.body ?? '', 'base64')} ${JSON.stringify(request)}`.slice(0, 2_000)
    if (outcome === 'accepted' && !describesBody(document, request))
      expect.fail(`accepted what the document excludes, ${text()}`)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  // A generator that makes only one kind proves nothing.
  expect(outcomes.get('accepted')).toBeGreaterThan(300)
  expect(outcomes.get('input-invalid')).toBeGreaterThan(150)
  expect(outcomes.get('json-malformed')).toBeGreaterThan(5)
})

test('takes exactly those of 1,500 frames that the AsyncAPI document describes', () => {
  const document = served<AsyncApi>(asyncApi('wss://live.example.com/dev'))
  const make = frameMaker(document, new Random(seed))
  const ajv = new Ajv({ strict: false, validateFormats: false })
  const described = ['subscribe', 'resume', 'ping'].map((name) =>
    ajv.compile(document.components.messages[name]?.payload ?? false),
  )
  const taken = { yes: 0, no: 0 }
  for (let n = 0; n < 1_500; n++) {
    const text = make(() => undefined).bytes.toString()
    const { frame, refused } = parseFrame(text)
    taken[frame ? 'yes' : 'no']++
    if (refused) expect(['frame-too-large', 'frame-not-json', 'frame-invalid']).toContain(refused.errorId)
    if (refused?.errorId === 'frame-too-large' || refused?.errorId === 'frame-not-json') continue
    const fits = described.some((validate) => validate(JSON.parse(text)))
    expect([fits, text], `seed ${seed}`).toEqual([frame !== undefined, text])
  }
  expect(taken.yes).toBeGreaterThan(300)
  expect(taken.no).toBeGreaterThan(150)
})

/** What the campaign or this test found. */
const emoji = '\u{1f600}'
test.each([
  ['PATCH /v1/sites/{site}', 100, (name: string) => ({ name })],
  ['POST /v1/sites/{site}/keys', 100, (name: string) => ({ name })],
  ['POST /v1/sites/{site}/calls', 200, (text: string) => ({ from: '60', to: '61', metadata: { text } })],
  [
    'POST /v1/sites/{site}/webhooks',
    200,
    (description: string) => ({ url: 'https://example.com/', types: ['*'], description }),
  ],
] as const)(
  '%s takes texts of %i emoji and no longer ones, since JSON Schema counts code points',
  (route, max, make) => {
    const body = (length: number) => Buffer.from(JSON.stringify(make(emoji.repeat(length)))).toString('base64')
    const request = (length: number) => ({
      route,
      method: '',
      target: '/v1/sites/office/x/100',
      headers: [],
      body: body(length),
    })
    expect([outcomeOf(request(max)), outcomeOf(request(max + 1))]).toEqual(['accepted', 'input-invalid'])
  },
)

test('a frame takes extensions of 100 emoji and no longer ones', () => {
  const isTaken = (length: number) =>
    parseFrame(JSON.stringify({ action: 'subscribe', topics: ['calls'], extensions: [emoji.repeat(length)] })).frame !==
    undefined
  expect([isTaken(100), isTaken(101)]).toEqual([true, false])
})
