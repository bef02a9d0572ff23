import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient, PutCommand, paginateScan } from '@aws-sdk/lib-dynamodb'
import { inject } from 'vitest'
import { type Api, createApi } from '../../client/http-client.ts'
import type { Enrolled } from '../../contracts/bridge-access.ts'
import { type Lane, packBody } from '../../contracts/packed-body.ts'
import { type Routes, routes } from '../../contracts/routes.ts'
import type { SiteCreated } from '../../contracts/site.ts'
import type { PoolLimits } from '../../infra/local/functions/function-pool.ts'
import type { LocalCloud } from '../../infra/local/local-cloud.ts'
import { buildService } from '../../infra/start/build.ts'
import { type OpenCloud, openCloud } from '../../infra/start/cloud.ts'
import { StartFolder } from '../../infra/start/start-folder.ts'
import { testLimits } from './cloud-limits.ts'
import { codeFolder } from './code-folder.ts'
import { checkAnswer } from './contract.ts'
import { recordPrivileges } from './privileges.ts'

/** A site of the deployment with an enrolled bridge and the key that signs its messages. */
export interface TestSite {
  site: SiteCreated
  bridge: Enrolled
  privateKey: KeyObject
}

type TableId = 'RecordsTable' | 'LiveTable' | 'AccessTable' | 'AuditTable' | 'PeopleTable' | 'WebhooksTable'

/** What a test can ask of a cloud that other test files use at the same time. */
export type TestCloud = Pick<
  LocalCloud,
  'httpUrl' | 'socketUrl' | 'endpoints' | 'region' | 'credentials' | 'ref' | 'invoke'
> & { adminKey: string; roleArn(role: string): string }

export interface SharedDeployment {
  cloud: TestCloud
  /** The typed client with a key. Each answer is also checked against the OpenAPI document. */
  api(key?: string): Api<Routes>
  /** Sends one raw request, which may be malformed, and checks the answer against the OpenAPI document. */
  call(
    method: string,
    path: string,
    options?: { key?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Response>
  makeSite(name: string): Promise<TestSite>
  /** Sends events packed and signed as the site's bridge sends them. Returns the body of the message. */
  send(site: TestSite, lane: Lane, events: readonly unknown[]): Promise<string>
  /** Sends a message with any body. */
  sendBody(lane: Lane, body: string): Promise<void>
  /** Receives up to ten dead letters of a lane. */
  deadLetters(lane: Lane): Promise<{ body: string; errorId: string | undefined; line: string | undefined }[]>
  /** Returns all items of a table, which is named by its logical id, or those of one site: their key begins with its name. */
  items(table: TableId, site?: string): Promise<Record<string, unknown>[]>
  /** Writes an item that no request can make. */
  put(table: TableId, item: Record<string, unknown>): Promise<void>
}

/** A deployment of one test file, which may stop its cloud, inject faults into it and see all that happens in it. */
export interface Deployment extends SharedDeployment, AsyncDisposable {
  cloud: OpenCloud & TestCloud
}

/** Starts the packaged functions on a new, empty local cloud. */
export async function deploy(
  limits: Partial<PoolLimits> = testLimits,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Deployment> {
  const root = process.cwd()
  await buildService(root)
  const folder = await mkdtemp(path.join(tmpdir(), 'sh-'))
  const home = new StartFolder(folder)
  const options = { limits, parameters, codeFolder: await codeFolder() }
  const opened = await openCloud(root, home, await home.open(), options)
  recordPrivileges(opened)
  const cloud = { ...opened, roleArn: (role: string) => opened.attribute(role, 'Arn') }
  const { destroy, ...deployment } = connectTo(cloud)
  return {
    ...deployment,
    cloud,
    [Symbol.asyncDispose]: async () => {
      destroy()
      await cloud.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

let shared: SharedDeployment | undefined

/**
 * Returns the deployment that all test files of a run share. The file makes sites of its own, with names that no other
 * file uses, and expects rows, dead letters and sites of other files beside its own.
 */
export function sharedDeployment(): SharedDeployment {
  shared ??= connectTo(sharedCloud())
  return shared
}

function sharedCloud(): TestCloud {
  const { refs, credentials, roleArns, invokeUrl, ...rest } = inject('sharedCloud')
  return {
    ...rest,
    ref: (id) => known(refs[id], id),
    credentials: (role) => known(credentials[role], role),
    roleArn: (role) => known(roleArns[role], role),
    invoke: async (name, event) => {
      const response = await fetch(invokeUrl, { method: 'POST', body: JSON.stringify({ name, event }) })
      return (await response.json()) as Awaited<ReturnType<LocalCloud['invoke']>>
    },
  }
}

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the template has no ${name}`)
  return value
}

function connectTo(cloud: TestCloud): SharedDeployment & { destroy(): void } {
  const client = (endpoint: string) => ({ region: cloud.region, endpoint, credentials: cloud.credentials('operator') })
  const sqs = new SQSClient(client(cloud.endpoints.sqs))
  const db = DynamoDBDocumentClient.from(new DynamoDBClient(client(cloud.endpoints.dynamodb)))
  const queue = (lane: Lane) => cloud.ref(lane === 'live' ? 'LiveQueue' : 'RecordsQueue')

  const call: Deployment['call'] = async (method, path, { key, body, headers } = {}) => {
    const response = await fetch(cloud.httpUrl + path, {
      method,
      headers: { ...(key && { authorization: `Bearer ${key}` }), 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    await checkAnswer(method, path, response.clone())
    return response
  }
  const checkedFetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const { pathname, search } = new URL(String(input))
    await checkAnswer(init?.method ?? 'GET', pathname + search, response.clone())
    return response
  }
  const api: Deployment['api'] = (key) => createApi({ apiUrl: cloud.httpUrl, key, fetch: checkedFetch }, routes)
  const sendBody: Deployment['sendBody'] = async (lane, body) => {
    await sqs.send(new SendMessageCommand({ QueueUrl: queue(lane), MessageBody: body }))
  }
  return {
    cloud,
    api,
    call,
    sendBody,
    makeSite: (name) => makeSite(name, api, cloud.adminKey),
    send: async (site, lane, events) => {
      const body = packedBy(site, lane, events)
      await sendBody(lane, body)
      return body
    },
    deadLetters: async (lane) => {
      const QueueUrl = cloud.ref(lane === 'live' ? 'DeadLiveQueue' : 'DeadRecordsQueue')
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 1,
          MessageAttributeNames: ['All'],
        }),
      )
      return Messages.map(({ Body = '', MessageAttributes = {} }) => ({
        body: Body,
        errorId: MessageAttributes['errorId']?.StringValue,
        line: MessageAttributes['line']?.StringValue,
      }))
    },
    put: async (table, Item) => void (await db.send(new PutCommand({ TableName: cloud.ref(table), Item }))),
    items: async (table, site) => {
      const items: Record<string, unknown>[] = []
      for await (const page of paginateScan({ client: db }, { TableName: cloud.ref(table) }))
        items.push(...(page.Items ?? []))
      return site === undefined ? items : items.filter(({ pk }) => pk === site || String(pk).startsWith(`${site}#`))
    },
    destroy: () => {
      sqs.destroy()
      db.destroy()
    },
  }
}

/** Returns events packed and signed as the site's bridge sends them. An event may be any line of text. */
export function packedBy({ site, bridge, privateKey }: TestSite, lane: Lane, events: readonly unknown[]): string {
  const lines = events.map((event) => Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)))
  return packBody({ site: site.site, key: bridge.key, lane }, lines, (signed) => sign(null, signed, privateKey))
}

/** Makes a site and enrols its bridge by the code, as `switchhook-bridge enroll` does. */
export async function makeSite(name: string, api: Deployment['api'], adminKey: string): Promise<TestSite> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { body: site } = await api(adminKey)('POST /v1/sites', {
    body: { site: name, name, settings: { outsidePrefix: '0', extensions: ['60-69'] } },
  })
  const body = { code: site.enrolment.code, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
  const { body: bridge } = await api()('POST /v1/bridge/enrolments', { body })
  return { site, bridge, privateKey }
}
