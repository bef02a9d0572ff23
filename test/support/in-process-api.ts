import { randomUUID } from 'node:crypto'
import { SQSClient } from '@aws-sdk/client-sqs'
import { SSMClient } from '@aws-sdk/client-ssm'
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import * as v from 'valibot'
import { createApi } from '../../client/http-client.ts'
import { definitionOf, routeNames, routes } from '../../contracts/routes.ts'
import type { HttpEvent } from '../../functions/http/input.ts'
import { documentClient } from '../../functions/stores/table.ts'
import { makeDataKeys, makeSecrets } from '../../infra/build/secrets.ts'
import { bodyOf, decodedPath } from '../../infra/local/http/http-event.ts'
import { createRoutes } from '../../infra/local/http/http-routes.ts'
import { MemoryTable } from '../simulate/presence/table.ts'
import { checkAnswer } from './contract.ts'
import { makeSite, packedBy, type SharedDeployment } from './deployment.ts'

type Handler = (event: unknown, context?: unknown) => Promise<unknown>
/** The functions of the HTTP API and of the queues `live` and `records` in this process, over tables in memory. */
export interface InProcessApi extends Pick<SharedDeployment, 'api' | 'call' | 'makeSite' | 'send' | 'items' | 'put'> {
  cloud: { adminKey: string }
  /** Sends one request as it is. */
  request(method: string, target: string, headers: Headers, body?: Buffer): Promise<Response>
  /** Removes the counters of requests, since a process answers more of them in a second than a key may send. */
  forgetRates(): void
  /** Commands to the tables until now. */
  commands(): number
  /** A client of the tables, whose names are TABLE_RECORDS and so on. */
  db: DynamoDBDocumentClient
  /** Items of a table, which is named by its logical id. */
  itemsOf(table: string): Record<string, unknown>[]
  /** Messages that the functions sent, by the URL of their queue. */
  sent: { url: string; body: string }[]
}

const environment = {
  STAGE: 'dev',
  AWS_REGION: 'eu-west-3',
  AWS_ACCESS_KEY_ID: 'ASIALOCAL',
  AWS_SECRET_ACCESS_KEY: 'local',
  SECRETS_PARAMETER: '/secrets',
  DATA_KEYS_PARAMETER: '/data-keys',
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
  const secrets = { ...makeSecrets(), ...makeDataKeys() }
  const memory = new Map(tables.map((name) => [name, new MemoryTable()]))
  const sent: InProcessApi['sent'] = []
  let commands = 0
  // Only the transport of the SDK is replaced: no function and no store of the project is.
  replaceSend(DynamoDBDocumentClient, async (command) => {
    const { TableName, RequestItems } = v.parse(Dynamo, command.input)
    const [name = ''] = TableName === undefined ? Object.keys(RequestItems) : [TableName]
    const table = memory.get(name)
    if (!table) throw new Error(`no table ${name}`)
    commands += 1
    return table.carryOut(command)
  })
  // Each reader takes its own fields.
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

  const request: InProcessApi['request'] = async (method, target, headers, body) => {
    const event = eventOf(match, method, target, headers, body)
    if (!event) return Response.json({ message: 'Not Found' }, { status: 404 })
    const { function: name, needs } = definitionOf(event.routeKey as (typeof routeNames)[number])
    if (needs !== 'anyone') {
      if (!event.headers['authorization']) return Response.json({ message: 'Unauthorized' }, { status: 401 })
      const { context } = v.parse(v.looseObject({ context: v.unknown() }), await authorize(event))
      Object.assign(event.requestContext, { authorizer: { lambda: JSON.parse(JSON.stringify(context)) } })
    }
    const handler = loaded.get(name) ?? (await handlerOf(`../../functions/http/${kebab(name)}/handler.ts`))
    loaded.set(name, handler)
    return responseOf((await handler(event)) as APIGatewayProxyStructuredResultV2)
  }
  const checked = async (method: string, target: string, headers: Headers, body?: Buffer) => {
    const response = await request(method, target, headers, body)
    await checkAnswer(method, target, response.clone())
    return response
  }
  const call: InProcessApi['call'] = (method, path, { key, body, headers } = {}) => {
    const all = new Headers({ 'content-type': 'application/json', ...headers })
    if (key) all.set('authorization', `Bearer ${key}`)
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return checked(method, path, all, body === undefined ? undefined : Buffer.from(text))
  }
  const fetchHere: typeof fetch = async (input, init) => {
    const { pathname, search } = new URL(String(input))
    const body = init?.body === undefined || init.body === null ? undefined : Buffer.from(String(init.body))
    return checked(init?.method ?? 'GET', pathname + search, new Headers(init?.headers), body)
  }
  const api: InProcessApi['api'] = (key) => createApi({ apiUrl: 'http://api.example', key, fetch: fetchHere }, routes)
  const tableOf = (table: string) => memory.get(`TABLE_${table.replace('Table', '').toUpperCase()}`)
  return {
    cloud: { adminKey: secrets.adminKey },
    request,
    forgetRates() {
      const counters =
        tableOf('LiveTable')
          ?.items()
          .filter(({ sk }) => String(sk).startsWith('10s#')) ?? []
      for (const { pk, sk } of counters)
        tableOf('LiveTable')?.carryOut(new DeleteCommand({ TableName: 'LiveTable', Key: { pk, sk } }))
    },
    call,
    api,
    sent,
    db: documentClient(),
    itemsOf: (table) => tableOf(table)?.items() ?? [],
    commands: () => commands,
    makeSite: (name) => makeSite(name, api, secrets.adminKey),
    send: async (site, lane, events) => {
      const body = packedBy(site, lane, events)
      const record = { messageId: randomUUID(), body, attributes: { SentTimestamp: String(Date.now()) } }
      const folder = lane === 'live' ? 'push-presence' : 'persist-records'
      const handler = await handlerOf(`../../functions/queues/${folder}/handler.ts`)
      const answer = await handler({ Records: [record] }, { getRemainingTimeInMillis: () => 60_000 })
      const { batchItemFailures } = v.parse(v.object({ batchItemFailures: v.array(v.unknown()) }), answer)
      if (batchItemFailures.length > 0) throw new Error(`the function of ${lane} failed for a body`)
      return body
    },
    put: async (table, item) => void tableOf(table)?.carryOut(new PutCommand({ TableName: table, Item: item })),
    items: async (table, site) => {
      const items = tableOf(table)?.items() ?? []
      return site === undefined ? items : items.filter(({ pk }) => pk === site || String(pk).startsWith(`${site}#`))
    },
  }
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

function replaceSend(client: { prototype: object }, value: (command: { input: unknown }) => Promise<unknown>): void {
  Object.defineProperty(client.prototype, 'send', { configurable: true, value })
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Returns the event that API Gateway makes of a request (payload format 2.0), or nothing if no route fits. */
function eventOf(
  match: ReturnType<typeof createRoutes>,
  method: string,
  target: string,
  given: Headers,
  body: Buffer | undefined,
): HttpEvent | undefined {
  const [path = '', ...more] = target.split('?')
  const [rawPath, rawQueryString] = [decodedPath(path), more.join('?')]
  const found = match(method, rawPath)
  if (!found) return undefined
  const query = new URLSearchParams(rawQueryString)
  const names = [...new Set(query.keys())]
  const http = { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' }
  const parameters = Object.fromEntries(names.map((name) => [name, query.getAll(name).join(',')]))
  const event = {
    version: '2.0',
    routeKey: found.routeKey,
    rawPath,
    rawQueryString,
    headers: { host: 'api.example', ...Object.fromEntries(given) },
    ...(names.length > 0 && { queryStringParameters: parameters }),
    ...(found.pathParameters && { pathParameters: found.pathParameters }),
    ...bodyOf(body ?? Buffer.alloc(0), given.get('content-type') ?? undefined),
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
