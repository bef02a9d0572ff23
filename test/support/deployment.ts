import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient, PutCommand, paginateScan } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { Enrolled } from '../../contracts/bridge-access.ts'
import { SiteCreated } from '../../contracts/http.ts'
import { type Lane, packBody } from '../../contracts/packed-body.ts'
import type { LocalCloud } from '../../infra/local/local-cloud.ts'
import { buildService } from '../../infra/start/build.ts'
import { type OpenCloud, openCloud } from '../../infra/start/cloud.ts'
import { StartFolder } from '../../infra/start/start-folder.ts'
import { checkAnswer } from './contract.ts'

/** A site of the deployment, and the key by which its bridge signs. */
export interface TestSite {
  site: SiteCreated
  bridge: Enrolled
  privateKey: KeyObject
}

type TableId = 'RecordsTable' | 'LiveTable' | 'AccessTable' | 'AuditTable' | 'PeopleTable'

export interface Deployment extends AsyncDisposable {
  cloud: LocalCloud & { adminKey: string }
  /** The public API, as anyone calls it; each answer is held against the OpenAPI document. */
  call(
    method: string,
    path: string,
    options?: { key?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Response>
  makeSite(name: string): Promise<TestSite>
  /** Sends events as the site's bridge does, or a body as it is. */
  send(site: TestSite, lane: Lane, events: readonly unknown[]): Promise<string>
  sendBody(lane: Lane, body: string): Promise<void>
  /** Bodies among the dead letters of a lane, each with its errorId. */
  deadLetters(lane: Lane): Promise<{ body: string; errorId: string | undefined; line: string | undefined }[]>
  /** All items of a table, by its logical id. */
  items(table: TableId): Promise<Record<string, unknown>[]>
  /** Puts an item past every rule, for what no request can make. */
  put(table: TableId, item: Record<string, unknown>): Promise<void>
}

/** The packaged functions on a local cloud of their own, empty. */
export async function deploy(): Promise<Deployment> {
  const root = process.cwd()
  await buildService(root)
  const folder = await mkdtemp(path.join(tmpdir(), 'sh-'))
  const home = new StartFolder(folder)
  const cloud = await openCloud(root, home, await home.open())
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
  const sendBody: Deployment['sendBody'] = async (lane, body) => {
    await sqs.send(new SendMessageCommand({ QueueUrl: queue(lane), MessageBody: body }))
  }
  return {
    cloud,
    call,
    sendBody,
    makeSite: (name) => makeSite(name, call, cloud),
    send: async ({ site, bridge, privateKey }, lane, events) => {
      const lines = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)))
      const packing = { site: site.site, key: bridge.key, lane }
      const bytes = lines.map((line) => Buffer.from(line))
      const body = packBody(packing, bytes, (signed) => sign(null, signed, privateKey))
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
    items: async (table) => {
      const items: Record<string, unknown>[] = []
      // As many pages of 1 MB as the test made.
      for await (const page of paginateScan({ client: db }, { TableName: cloud.ref(table) }))
        items.push(...(page.Items ?? []))
      return items
    },
    [Symbol.asyncDispose]: async () => {
      sqs.destroy()
      db.destroy()
      await cloud.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A site whose bridge is enrolled by its code, as `switchhook-bridge enroll` does it. */
async function makeSite(name: string, call: Deployment['call'], cloud: OpenCloud): Promise<TestSite> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const site = v.parse(
    SiteCreated,
    await ok(call('POST', '/v1/sites', { key: cloud.adminKey, body: { site: name, name } })),
  )
  const body = { code: site.enrolment.code, publicKey: publicKey.export({ type: 'spki', format: 'pem' }) }
  const bridge = v.parse(Enrolled, await ok(call('POST', '/v1/bridge/enrolments', { body })))
  return { site, bridge, privateKey }
}

async function ok(asked: Promise<Response>): Promise<unknown> {
  const response = await asked
  if (response.status !== 201) throw new Error(`refused: ${response.status} ${await response.text()}`)
  return response.json()
}
