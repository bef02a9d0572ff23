import { mkdtemp, open, rm } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { type Stack, startStack } from '../../test/pbx/support/stack.ts'
import { until } from '../../test/support/until.ts'
import { startReceiver, type WebhookReceiver } from '../../test/support/webhook-receiver.ts'

/** One hop of the way, done alone, and how often the way has it, one after another. */
interface Hop {
  name: string
  times: number
  run(): Promise<unknown>
}

export interface Passages {
  /** Milliseconds from the phone's INVITE to the request at the receiver, of each call. */
  whole: number[]
  hops: { name: string; times: number; ms: number[] }[]
}

/** Of what is measured, the first ones warm up. */
const warm = 5
/** A new receiver gets two deliveries at a time, and a live call sends others: each has passed before the next begins. */
const pauseMs = 300
const line = 'x'.repeat(600)

/** Calls by phones of a real Asterisk, one after the other, each until the receiver has its `call.ringing`; the bare hops in turn with them. */
export async function ringingToReceiver(calls: number): Promise<Passages> {
  await using it = await startStack()
  await using parts = new AsyncDisposableStack()
  const receiver = parts.use(await startReceiver())
  await it.deployment.api(it.site.apiKey)('POST /v1/sites/{site}/webhooks', {
    path: { site: 'office' },
    body: { url: `${receiver.url}/rings`, types: ['call.ringing'], perSecond: 100 },
  })
  await it.pbx.phones.setBehaviour('61', { kind: 'busy' })
  const hops = await bareHops(it, receiver, parts)
  const found: Passages = { whole: [], hops: hops.map(({ name, times }) => ({ name, times, ms: [] })) }
  for (let n = 0; n < calls + warm; n += 1) {
    const whole = await callOnce(it, receiver)
    if (n >= warm) found.whole.push(whole)
    for (const [i, { run }] of hops.entries()) {
      const started = performance.now()
      await run()
      if (n >= warm) found.hops[i]?.ms.push(performance.now() - started)
    }
  }
  return found
}

async function callOnce({ pbx }: Stack, receiver: WebhookReceiver): Promise<number> {
  const [rings, received] = [pbx.phones.rings.length, receiver.received.length]
  const call = await pbx.phones.call({ from: '60', to: '61' })
  const rung = await until('the phone to be called', async () => pbx.phones.rings[rings])
  const request = await until('the receiver to be told', async () => receiver.received[received])
  await call.ended
  await new Promise((resolve) => setTimeout(resolve, pauseMs))
  return request.at - (performance.timeOrigin + rung)
}

/**
 * The way of the event: the bridge writes the fact to its spool and sends it; the first function stores it and sends what happened to the
 * queue of events; the second stores event and delivery and sends the delivery; the third reads webhook, delivery, how its receiver is
 * doing and the event, writes that it tries, and posts.
 */
async function bareHops(it: Stack, receiver: WebhookReceiver, parts: AsyncDisposableStack): Promise<Hop[]> {
  const { cloud } = it.deployment
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const file = await open(path.join(folder, 'hop'), 'a')
  parts.defer(() => file.close())
  const client = (endpoint: string) => ({ region: cloud.region, endpoint, credentials: cloud.credentials('operator') })
  const sqs = new SQSClient(client(cloud.endpoints.sqs))
  const db = DynamoDBDocumentClient.from(new DynamoDBClient(client(cloud.endpoints.dynamodb)))
  parts.defer(() => [sqs, db].forEach((one) => void one.destroy()))
  const agent = new http.Agent({ keepAlive: true })
  parts.defer(() => agent.destroy())
  const [QueueUrl, TableName] = [cloud.ref('DeadLiveQueue'), cloud.ref('LiveTable')]
  const Key = { pk: 'bench', sk: 'hop' }
  const write = new PutCommand({
    TableName,
    Item: { ...Key, v: '1', state: line },
    ConditionExpression: 'attribute_not_exists(v) OR v <= :v',
    ExpressionAttributeValues: { ':v': '1' },
  })
  await db.send(write)
  return [
    {
      name: 'line written and synced',
      times: 1,
      async run() {
        await file.write(line)
        await file.datasync()
      },
    },
    {
      name: 'SQS send to a receive that waits, and delete',
      times: 3,
      async run() {
        const asked = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }))
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: line }))
        const ReceiptHandle = (await asked).Messages?.[0]?.ReceiptHandle
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
      },
    },
    { name: 'invocation', times: 3, run: () => cloud.invoke('fanOut', { Records: [] }) },
    { name: 'conditional write', times: 4, run: () => db.send(write) },
    { name: 'consistent read', times: 4, run: () => db.send(new GetCommand({ TableName, Key, ConsistentRead: true })) },
    { name: 'post', times: 1, run: () => post(`${receiver.url}/bare`, agent) },
  ]
}

function post(url: string, agent: http.Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST', agent }, (response) => response.resume().on('end', resolve))
    request.on('error', reject)
    request.end(line)
  })
}
