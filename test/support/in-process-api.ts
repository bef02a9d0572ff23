import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { SQSClient } from '@aws-sdk/client-sqs'
import { SSMClient } from '@aws-sdk/client-ssm'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { APIGatewayProxyStructuredResultV2, SQSEvent } from 'aws-lambda'
import * as v from 'valibot'
import type { BridgeEvent } from '../../contracts/events.ts'
import { type Lane, packBody } from '../../contracts/packed-body.ts'
import { definitionOf, routeNames } from '../../contracts/routes.ts'
import type { HttpEvent } from '../../functions/http/input.ts'
import { makeSecrets } from '../../infra/build/secrets.ts'
import { createRoutes } from '../../infra/local/http/http-routes.ts'
import { MemoryTable } from '../simulate/presence/table.ts'
import { checkAnswer } from './contract.ts'

type Handler = (event: unknown, context?: unknown) => Promise<unknown>
interface Request {
  key?: string
  body?: unknown
  headers?: Record<string, string>
}

/** A site with the key that its bridge signs with. */
export interface InProcessSite {
  name: string
  /** A key with all scopes. */
  apiKey: string
  send(lane: Lane, events: readonly BridgeEvent[]): Promise<void>
}

/** The functions of the HTTP API and of the queues `live` and `records` in this process, over tables in memory. */
export interface InProcessApi {
  adminKey: string
  /** Sends one request. Its answer is checked against the OpenAPI document. */
  call(method: string, path: string, options?: Request): Promise<Response>
  makeSite(name: string): Promise<InProcessSite>
  items(table: string): Record<string, unknown>[]
  /** Messages that the functions sent, by the URL of their queue. */
  sent: { url: string; body: string }[]
}

const environment = {
  STAGE: 'dev',
  AWS_REGION: 'eu-west-3',
  AWS_ACCESS_KEY_ID: 'ASIALOCAL',
  AWS_SECRET_ACCESS_KEY: 'local',
  SECRETS_PARAMETER: '/secrets',
  SOCKET_ENDPOINT: 'http://127.0.0.1:9',
  BRIDGE_ROLE: 'arn:aws:iam::000000000000:role/bridge',
  BUCKET_EXPORTS: 'exports',
  OWN_HOSTS: 'api.example',
  WAITS_MAX: '20',
}
const tables = ['RECORDS', 'LIVE', 'ACCESS', 'AUDIT', 'PEOPLE', 'WEBHOOKS'].map((name) => `TABLE_${name}`)
const queues = ['QUEUE_LIVE', 'QUEUE_FAN_OUT', 'QUEUE_RECORDS', 'QUEUE_WATCH', 'QUEUE_EVENTS', 'QUEUE_DELIVERIES']
const deadQueues = ['DEAD_EVENTS', 'DEAD_RECORDS', 'DEAD_LIVE']
const urlOf = (queue: string) => `https://sqs.example/${queue}`

let opened: Promise<InProcessApi> | undefined

/** Opens the API once per test file: the functions create their clients when they are loaded. */
export function inProcessApi(): Promise<InProcessApi> {
  opened ??= open()
  return opened
}

async function open(): Promise<InProcessApi> {
  Object.assign(process.env, environment)
  for (const name of tables) process.env[name] = name
  for (const name of [...queues, ...deadQueues]) process.env[name] = urlOf(name)
  const secrets = makeSecrets()
  const memory = new Map(tables.map((name) => [name, new MemoryTable()]))
  const sent: InProcessApi['sent'] = []
  // Only the transport of the SDK is replaced: no function and no store of the project is.
  replaceSend(DynamoDBDocumentClient, async ({ input }, command) => {
    const { TableName, RequestItems } = v.parse(Dynamo, input)
    const [name = ''] = TableName === undefined ? Object.keys(RequestItems) : [TableName]
    const table = memory.get(name)
    if (!table) throw new Error(`no table ${name}`)
    return table.carryOut(command)
  })
  replaceSend(SSMClient, async () => ({ Parameter: { Value: JSON.stringify(secrets) } }))
  replaceSend(SQSClient, async ({ input }) => {
    const { QueueUrl, QueueName, MessageBody, Entries } = v.parse(Sqs, input)
    if (QueueName !== undefined) return { QueueUrl: urlOf(QueueName) }
    const bodies = [MessageBody, ...Entries.map((entry) => entry.MessageBody)].filter((body) => body !== undefined)
    for (const body of bodies) sent.push({ url: QueueUrl ?? '', body })
    return { Successful: Entries, Attributes: {}, Messages: [] }
  })
  const authorize = await handlerOf('../../functions/authorize/http/handler.ts')
  const loaded = new Map<string, Handler>()
  const match = createRoutes(routeNames.map((route) => [route, definitionOf(route)] as const))

  const call: InProcessApi['call'] = async (method, path, { key, body, headers = {} } = {}) => {
    const event = eventOf(match, method, path, { ...headers, ...(key && { authorization: `Bearer ${key}` }) }, body)
    if (!event) return Response.json({ message: 'Not Found' }, { status: 404 })
    const { function: name, needs } = definitionOf(event.routeKey as (typeof routeNames)[number])
    if (needs !== 'anyone') {
      if (!event.headers['authorization']) return Response.json({ message: 'Unauthorized' }, { status: 401 })
      const { context } = v.parse(v.looseObject({ context: v.unknown() }), await authorize(event))
      Object.assign(event.requestContext, { authorizer: { lambda: JSON.parse(JSON.stringify(context)) } })
    }
    const handler = loaded.get(name) ?? (await handlerOf(`../../functions/http/${kebab(name)}/handler.ts`))
    loaded.set(name, handler)
    const response = responseOf((await handler(event)) as APIGatewayProxyStructuredResultV2)
    await checkAnswer(method, path, response.clone())
    return response
  }
  const json = async (method: string, path: string, options: Request) => {
    const response = await call(method, path, options)
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  async function makeSite(name: string): Promise<InProcessSite> {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const settings = { outsidePrefix: '0', extensions: ['60-69'] }
    const made = await json('POST', '/v1/sites', { key: secrets.adminKey, body: { site: name, name, settings } })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const body = { code: made.enrolment.code, publicKey: pem }
    const { key } = await json('POST', '/v1/bridge/enrolments', { body })
    return { name, apiKey: made.apiKey, send: (lane, events) => send({ name, key, privateKey }, lane, events) }
  }
  return { adminKey: secrets.adminKey, call, makeSite, sent, items: (table) => memory.get(table)?.items() ?? [] }
}

/** Passes events to the function of their queue, packed and signed as a bridge does. */
async function send(
  site: { name: string; key: string; privateKey: KeyObject },
  lane: Lane,
  events: readonly BridgeEvent[],
) {
  const lines = events.map((event) => Buffer.from(JSON.stringify(event)))
  const body = packBody({ site: site.name, key: site.key, lane }, lines, (text) => sign(null, text, site.privateKey))
  const record = { messageId: randomUUID(), body, attributes: { SentTimestamp: String(Date.now()) } }
  const folder = lane === 'live' ? 'push-presence' : 'persist-records'
  const handler = await handlerOf(`../../functions/queues/${folder}/handler.ts`)
  const event = { Records: [record] } as unknown as SQSEvent
  const { batchItemFailures } = (await handler(event, { getRemainingTimeInMillis: () => 60_000 })) as {
    batchItemFailures: unknown[]
  }
  if (batchItemFailures.length > 0) throw new Error(`the function of ${lane} refused the body`)
}

async function handlerOf(file: string): Promise<Handler> {
  const { handler } = (await import(/* @vite-ignore */ new URL(file, import.meta.url).href)) as { handler: Handler }
  return handler
}

const Dynamo = v.looseObject({
  TableName: v.optional(v.string()),
  RequestItems: v.optional(v.record(v.string(), v.unknown()), {}),
})
const Message = v.looseObject({ MessageBody: v.optional(v.string()) })
const Sqs = v.looseObject({
  ...Message.entries,
  QueueUrl: v.optional(v.string()),
  QueueName: v.optional(v.string()),
  Entries: v.optional(v.array(Message), []),
})

function replaceSend(
  client: { prototype: object },
  send: (command: { input: unknown }, command2: unknown) => Promise<unknown>,
) {
  const value = (command: { input: unknown }) => send(command, command)
  Object.defineProperty(client.prototype, 'send', { configurable: true, value })
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Returns the event that API Gateway makes of a request (payload format 2.0), or nothing if no route fits. */
function eventOf(
  match: ReturnType<typeof createRoutes>,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: unknown,
): HttpEvent | undefined {
  const { pathname, search } = new URL(path, 'http://api.example')
  const rawPath = decodeURIComponent(pathname)
  const found = match(method, rawPath)
  if (!found) return undefined
  const query = new URLSearchParams(search)
  const names = [...new Set(query.keys())]
  const http = { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' }
  const event = {
    version: '2.0',
    routeKey: found.routeKey,
    rawPath,
    rawQueryString: search.slice(1),
    headers: { host: 'api.example', 'content-type': 'application/json', ...headers },
    ...(names.length > 0 && {
      queryStringParameters: Object.fromEntries(names.map((name) => [name, query.getAll(name).join(',')])),
    }),
    ...(found.pathParameters && { pathParameters: found.pathParameters }),
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    isBase64Encoded: false,
    requestContext: {
      domainName: 'api.example',
      stage: '$default',
      requestId: randomUUID(),
      routeKey: found.routeKey,
      http,
    },
  }
  return event as unknown as HttpEvent
}

function responseOf({
  statusCode = 200,
  headers = {},
  body,
  isBase64Encoded,
}: APIGatewayProxyStructuredResultV2): Response {
  const content = body === undefined ? null : isBase64Encoded ? Buffer.from(body, 'base64') : body
  const names = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)])
  return new Response(content, { status: statusCode, headers: names })
}
