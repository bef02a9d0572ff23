import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Stack } from '../../test/pbx/support/stack.ts'
import { until } from '../../test/support/until.ts'

/** One hop of a call's way, done alone, and how often the way has it, one after another. */
export interface Hop {
  name: string
  times: number
  run(): Promise<unknown>
}

const waitSeconds = 5
const line = 'x'.repeat(600)

/**
 * The way of a call: its function is reached; reads the key's row, site and key, presence, freeze and the queue's address;
 * writes the place, two counters, the key's row and the call's; sends the command; the bridge, which waits, receives it,
 * writes and syncs its claim and the folder, deletes the message and orders the call, which Asterisk sends to the phone.
 */
export async function callHops(it: Stack, parts: AsyncDisposableStack): Promise<Hop[]> {
  const { cloud } = it.deployment
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const client = (endpoint: string) => ({ region: cloud.region, endpoint, credentials: cloud.credentials('operator') })
  const sqs = new SQSClient(client(cloud.endpoints.sqs))
  const db = DynamoDBDocumentClient.from(new DynamoDBClient(client(cloud.endpoints.dynamodb)))
  parts.defer(() => [sqs, db].forEach((one) => void one.destroy()))
  const [QueueUrl, TableName] = [cloud.ref('DeadLiveQueue'), cloud.ref('LiveTable')]
  const Key = { pk: 'bench', sk: 'hop' }
  const count = {
    TableName,
    Key,
    UpdateExpression: 'ADD #n :one SET told = :state',
    ConditionExpression: 'attribute_not_exists(#n) OR #n < :max',
    ExpressionAttributeNames: { '#n': 'n' },
    ExpressionAttributeValues: { ':one': 1, ':max': 1_000_000, ':state': line },
  }
  await db.send(new UpdateCommand(count))
  let receipt = ''
  let files = 0
  return [
    { name: 'request refused for its body', times: 1, run: () => refused(it) },
    { name: 'consistent read', times: 5, run: () => db.send(new GetCommand({ TableName, Key, ConsistentRead: true })) },
    { name: 'conditional write', times: 5, run: () => db.send(new UpdateCommand(count)) },
    {
      name: 'SQS send to a receive that waits',
      times: 1,
      async run() {
        const asked = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: waitSeconds }))
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: line }))
        receipt = (await asked).Messages?.[0]?.ReceiptHandle ?? ''
      },
    },
    {
      name: 'new file and folder synced',
      times: 1,
      async run() {
        await using file = await open(path.join(folder, String(++files)), 'wx')
        await file.writeFile(line)
        await file.sync()
        await using parent = await open(folder, 'r')
        await parent.sync()
      },
    },
    {
      name: 'SQS delete',
      times: 1,
      run: () => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receipt })),
    },
    { name: 'ARI order to INVITE at the phone', times: 1, run: () => order(it) },
  ]
}

/** As far as any request of this route gets: HTTP, the key's authorizer, the function, and the write that counts requests. */
async function refused({ deployment, site }: Stack): Promise<void> {
  const response = await fetch(`${deployment.cloud.httpUrl}/v1/sites/office/calls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${site.apiKey}`, 'content-type': 'application/json' },
    body: '{}',
  })
  await response.arrayBuffer()
  if (response.status !== 400) throw new Error(`answered ${response.status}`)
}

/** The same order as the bridge's, past it. */
async function order({ pbx }: Stack): Promise<void> {
  const { ariUrl, ariUser, ariPassword } = pbx.pbx
  const rings = pbx.phones.rings.length
  const response = await fetch(`${ariUrl}/channels`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${ariUser}:${ariPassword}`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ endpoint: 'PJSIP/5860', extension: '61', context: 'click2call', priority: 1, timeout: 5 }),
  })
  if (!response.ok) throw new Error(`ARI answered ${response.status}`)
  await until('the phone', async () => pbx.phones.rings.length > rings)
}
