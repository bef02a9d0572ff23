import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { Sockets } from '../../functions/gateways/sockets.ts'
import type { Deployment, TestSite } from '../../test/support/deployment.ts'
import { subscriber } from '../../test/support/subscriber.ts'

const times = 30
/** As between the events that are measured: what rests is as slow to wake for a hop as for all of them. */
const pauseMs = 150

/** What one event costs at the least: each hop alone, over the same local cloud, one each 150 ms. Milliseconds, all of them. */
export async function bareHops(deployment: Deployment, site: TestSite): Promise<Record<string, number[]>> {
  await using parts = new AsyncDisposableStack()
  const { cloud } = deployment
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const file = await open(path.join(folder, 'hop'), 'a')
  parts.defer(() => file.close())
  const client = (endpoint: string) => ({ region: cloud.region, endpoint, credentials: cloud.credentials('operator') })
  const sqs = new SQSClient(client(cloud.endpoints.sqs))
  const db = DynamoDBDocumentClient.from(new DynamoDBClient(client(cloud.endpoints.dynamodb)))
  parts.defer(() => [sqs, db].forEach((one) => void one.destroy()))
  const watcher = parts.use(await subscriber(deployment, site, ['endpoints']))
  const rows = await deployment.items('LiveTable')
  const id = String(rows.filter(({ pk }) => pk === `${site.site.site}#S#endpoints`).at(-1)?.['sk'])
  const sockets = new Sockets(cloud.socketUrl)
  const queue = cloud.ref('DeadLiveQueue')
  const table = cloud.ref('LiveTable')
  const line = Buffer.from('x'.repeat(600))
  const hops: Record<string, () => Promise<unknown>> = {
    async fsync() {
      await file.write(line)
      await file.datasync()
    },
    async 'SQS send'() {
      await sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: line.toString() }))
    },
    async 'SQS receive'() {
      await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 1 }))
    },
    invocation: () => cloud.invoke('fanOut', { Records: [] }),
    'conditional put': () =>
      db.send(
        new PutCommand({
          TableName: table,
          Item: { pk: 'bench', sk: 'hop', v: '1', state: line.toString() },
          ConditionExpression: 'attribute_not_exists(v) OR v <= :v',
          ExpressionAttributeValues: { ':v': '1' },
        }),
      ),
    query: () =>
      db.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': `${site.site.site}#S#endpoints` },
          ConsistentRead: true,
        }),
      ),
    post: () => sockets.post(id, '{"type":"pong"}'),
  }
  const found: Record<string, number[]> = {}
  for (const [name, hop] of Object.entries(hops)) {
    const taken: number[] = []
    for (let n = 0; n < times + 10; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      const started = performance.now()
      await hop()
      if (n >= 10) taken.push(performance.now() - started)
    }
    found[name] = taken
  }
  await drain(sqs, queue)
  watcher.socket.terminate()
  return found
}

async function drain(sqs: SQSClient, QueueUrl: string): Promise<void> {
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
    if (Messages.length === 0) return
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
  }
}
