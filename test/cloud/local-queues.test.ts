import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventDefinition } from '../../contracts/webhook-events.ts'
import { busEntry } from '../../functions/domain/webhooks/bus-entry.ts'
import { EventBus } from '../../functions/gateways/event-bus.ts'
import { OutageTopic } from '../../functions/gateways/outage-topic.ts'
import { notes, queues } from './local-fixture/notes.ts'
import { patiently, type RunningFixture, runFixture } from './local-fixture/packaged-fixture.ts'

let fixture: RunningFixture
let sqs: SQSClient
beforeAll(async () => {
  fixture = await runFixture()
  sqs = queues(fixture.cloud)
})
afterAll(async () => {
  sqs.destroy()
  await fixture[Symbol.asyncDispose]()
})

async function send(queue: string, body: unknown): Promise<string> {
  const { MessageId = '' } = await sqs.send(
    new SendMessageCommand({ QueueUrl: fixture.cloud.ref(queue), MessageBody: JSON.stringify(body) }),
  )
  return MessageId
}
/** Sends up to ten messages in one request, so that they arrive at the same moment. */
async function sendTogether(queue: string, bodies: readonly unknown[]): Promise<string[]> {
  const Entries = bodies.map((body, n) => ({ Id: `m${n}`, MessageBody: JSON.stringify(body) }))
  const request = new SendMessageBatchCommand({ QueueUrl: fixture.cloud.ref(queue), Entries })
  const { Successful = [] } = await sqs.send(request)
  return Successful.map(({ MessageId = '' }) => MessageId)
}
/** Returns the last delivery of a message that its consumer recorded. */
const delivered = async (id: string) => (await notes(fixture.cloud, 'record', id))[0]
const attempts = async (id: string) => Number((await delivered(id))?.attributes.ApproximateReceiveCount ?? 0)
async function count(queue: string): Promise<number> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: fixture.cloud.ref(queue), AttributeNames: [...names] }),
  )
  return names.reduce((sum, name) => sum + Number(Attributes[name]), 0)
}

test('sends the consumer function a message in the form of an SQS record, and deletes the message after it is processed', async () => {
  const { MessageId = '' } = await sqs.send(
    new SendMessageCommand({
      QueueUrl: fixture.cloud.ref('WorkQueue'),
      MessageBody: '{"plain":true}',
      MessageAttributes: {
        kind: { DataType: 'String', StringValue: 'test' },
        size: { DataType: 'Number', StringValue: '7' },
      },
    }),
  )
  await expect
    .poll(() => delivered(MessageId), patiently)
    .toEqual({
      messageId: MessageId,
      receiptHandle: expect.any(String),
      body: '{"plain":true}',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SenderId: expect.any(String),
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      messageAttributes: {
        kind: { stringValue: 'test', stringListValues: [], binaryListValues: [], dataType: 'String' },
        size: { stringValue: '7', stringListValues: [], binaryListValues: [], dataType: 'Number' },
      },
      md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:fixture-work',
      awsRegion: 'eu-west-1',
    })
  await expect.poll(() => count('WorkQueue'), patiently).toBe(0)
})

test('redelivers only the messages that a function reports as failed, and in the end moves them to the dead-letter queue', async () => {
  const Entries = [{ fail: true }, {}, {}].map((body, index) => ({
    Id: String(index),
    MessageBody: JSON.stringify(body),
  }))
  const { Successful = [] } = await sqs.send(
    new SendMessageBatchCommand({ QueueUrl: fixture.cloud.ref('WorkQueue'), Entries }),
  )
  const [failing = '', ...fine] = Successful.map(({ MessageId = '' }) => MessageId)
  const dead = new ReceiveMessageCommand({ QueueUrl: fixture.cloud.ref('WorkDeadQueue'), WaitTimeSeconds: 10 })
  const { Messages = [] } = await sqs.send(dead)
  expect(Messages.map(({ MessageId }) => MessageId)).toEqual([failing])
  // maxReceiveCount is 2: after two deliveries the message moves to the dead-letter queue. The other messages are delivered once.
  expect(await attempts(failing)).toBe(2)
  expect(await Promise.all(fine.map(attempts))).toEqual([1, 1])
  expect(await count('WorkQueue')).toBe(0)
})

test.each([
  ['throws', { throw: true }],
  ['reports a message of another batch', { unknown: true }],
  ['returns a malformed report', { malformed: true }],
])('deletes no message of a batch if its function %s', async (_name, body) => {
  const Entries = [body, {}].map((each, index) => ({ Id: String(index), MessageBody: JSON.stringify(each) }))
  const { Successful = [] } = await sqs.send(
    new SendMessageBatchCommand({ QueueUrl: fixture.cloud.ref('WorkQueue'), Entries }),
  )
  const ids = Successful.map(({ MessageId = '' }) => MessageId)
  // Both messages are redelivered after the visibility time-out of a second, also the one that did not fail.
  await expect.poll(() => Promise.all(ids.map(attempts)), patiently).toEqual([2, 2])
})

test('ignores reported failures if the mapping does not set ReportBatchItemFailures', async () => {
  const id = await send('PlainQueue', { fail: true })
  await expect.poll(() => attempts(id), patiently).toBe(1)
  await expect.poll(() => count('PlainQueue'), patiently).toBe(0)
})

test('collects a batch until its batching window closes', async () => {
  const ids = await sendTogether('WindowQueue', [{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }])
  const batches = async () => (await Promise.all(ids.map((id) => notes(fixture.cloud, 'batch', id)))).flat()
  expect(await batches()).toEqual([])
  await expect.poll(batches, patiently).toEqual([6])
  await expect.poll(() => count('WindowQueue'), patiently).toBe(0)
})

test('splits messages that are too large for one invocation over several', async () => {
  const bodies = Array.from({ length: 8 }, (_, n) => ({ n, pad: 'x'.repeat(1000 * 1000) }))
  const ids = await Promise.all(bodies.map((body) => send('WindowQueue', body)))
  await expect.poll(() => count('WindowQueue'), patiently).toBe(0)
  const sizes = (await Promise.all(ids.map((id) => notes(fixture.cloud, 'batch', id)))).flat()
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(8)
  expect(Math.max(...sizes)).toBeLessThan(6)
})

test('runs at most MaximumConcurrency invocations at the same time', async () => {
  // Goal: exactly two at a time. Method: with two warm processes, 40 messages make four batches or more of 1.5 s, which record
  // their start and end.
  await Promise.all([send('WorkQueue', { n: 0, sleep: 1500 }), send('WorkQueue', { n: 0, sleep: 1500 })])
  await expect.poll(() => count('WorkQueue'), patiently).toBe(0)
  const ten = Array.from({ length: 10 }, (_, n) => ({ n, sleep: 1500 }))
  await Promise.all([ten, ten, ten, ten].map((bodies) => sendTogether('WorkQueue', bodies)))
  await expect.poll(() => count('WorkQueue'), patiently).toBe(0)
  const spans: [number, number][] = await notes(fixture.cloud, 'slept')
  const together = spans.map(([at]) => spans.filter(([from, to]) => from <= at && at < to).length)
  expect(Math.max(...together)).toBe(2)
})

test('waits longer before each delivery while the consumer function fails', async () => {
  await using own = await runFixture()
  const client = queues(own.cloud)
  /** Returns how long a message waited for its first delivery. */
  const waited = async (body: unknown) => {
    const QueueUrl = own.cloud.ref('PlainQueue')
    const { MessageId = '' } = await client.send(
      new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body) }),
    )
    const record = async () => (await notes(own.cloud, 'record', MessageId))[0]
    await expect.poll(record, { ...patiently, interval: 10 }).toBeDefined()
    const { ApproximateFirstReceiveTimestamp, SentTimestamp } = (await record()).attributes
    return ApproximateFirstReceiveTimestamp - SentTimestamp
  }
  const healthy = [await waited({}), await waited({}), await waited({})]
  expect(Math.min(...healthy)).toBeLessThan(100)
  // On a busy machine the function itself runs longer than the first backoffs; each failure doubles the next one.
  let longest = 0
  for (let failures = 0; longest <= 250 && failures < 10; failures++) longest = await waited({ throw: true })
  expect(longest).toBeGreaterThan(250)
  client.destroy()
})

test('puts events on the bus that the role may use, and delivers those that match a rule to its queue and its function', async () => {
  const { cloud } = fixture
  const credentials = cloud.credentials('ActRole')
  const bus = (name: string) => new EventBus(name, cloud.endpoints.sqs, credentials, cloud.region)
  const entry = (result: string, Source = 'lab-1') => ({
    Source,
    DetailType: 'call.ended',
    Detail: JSON.stringify({ id: `evt_${result}`, data: { result } }),
    Time: 1_795_460_594.5,
  })
  const entries = [entry('answered'), entry('busy'), entry('no-answer', 'office'), { ...entry('x'), Detail: '[]' }]
  expect(await bus('fixture').put(entries)).toEqual([undefined, undefined, undefined, 'MalformedDetail'])
  await expect(bus('other').put([entry('busy')])).rejects.toThrow(/not authorized to perform: events:PutEvents/)
  await expect(bus('fixture').put(Array.from({ length: 11 }, () => entry('busy')))).rejects.toThrow(/between 1 and 10/)
  const request = new ReceiveMessageCommand({ QueueUrl: cloud.ref('ForeignQueue'), WaitTimeSeconds: 10 })
  const { Messages = [] } = await sqs.send(request)
  const event = {
    source: 'lab-1',
    'detail-type': 'call.ended',
    time: '2026-11-23T19:03:14Z',
    detail: { id: 'evt_busy', data: { result: 'busy' } },
  }
  expect(Messages.map(({ Body = '' }) => JSON.parse(Body))).toEqual([expect.objectContaining(event)])
  const invoked = async () => (await notes(cloud, 'tick')).filter((one) => one.source === 'lab-1')
  await expect.poll(invoked, patiently).toEqual([expect.objectContaining(event)])
})

test('the example stores inbound missed calls in its table, each once, also if an event comes twice', async () => {
  const { cloud } = fixture
  const bus = new EventBus('switchhook', cloud.endpoints.sqs, cloud.credentials('ActRole'), cloud.region)
  const data = eventDefinition('call.missed').example
  const missed = (id: string, change: Record<string, unknown> = {}) => {
    const event = { id, type: 'call.missed' as const, time: '2026-11-23T19:04:38.000Z', data: { ...data, ...change } }
    return busEntry('office', event, false)
  }
  const entries = [missed('evt_1'), missed('evt_1'), missed('evt_2', { direction: 'internal' }), missed('evt_3')]
  expect(await bus.put(entries)).toEqual(entries.map(() => undefined))
  const client = new DynamoDBClient({
    region: cloud.region,
    endpoint: cloud.endpoints.dynamodb,
    credentials: cloud.credentials('operator'),
  })
  const stored = async () => (await client.send(new ScanCommand({ TableName: cloud.ref('MissedCalls') }))).Items ?? []
  await expect
    .poll(async () => (await stored()).map(({ at }) => at?.S).sort(), patiently)
    .toEqual(['2026-11-23T19:04:38.000Z#evt_1', '2026-11-23T19:04:38.000Z#evt_3'])
  expect((await stored())[0]).toMatchObject({
    site: { S: 'office' },
    call: { S: '1795460594.14' },
    caller: { S: '…78' },
    extension: { S: '…' },
    result: { S: 'no-answer' },
  })
  client.destroy()
})

test('keeps what is published to a topic that the role may use, and refuses what SNS refuses', async () => {
  const { cloud, dataFolder } = fixture
  const topic = (id: string) =>
    new OutageTopic(cloud.ref(id), cloud.endpoints.sqs, cloud.credentials('ActRole'), cloud.region)
  const notice = {
    subject: 'PBX down',
    text: 'Since 19:03 & <b>',
    attributes: { site: 'office', type: 'pbx.down' as const },
  }
  await topic('NewsTopic').publish(notice)
  for (const subject of ['two\nlines', 'x'.repeat(101), 'Bücher', ''])
    await expect(topic('NewsTopic').publish({ ...notice, subject })).rejects.toThrow(/400.*Subject/)
  for (const text of ['', 'x'.repeat(262_145)])
    await expect(topic('NewsTopic').publish({ ...notice, text })).rejects.toThrow(/400.*message/i)
  await expect(topic('OtherTopic').publish(notice)).rejects.toThrow(/not authorized to perform: sns:Publish/)
  const lines = (await readFile(join(dataFolder, 'topics/fixture-news.jsonl'), 'utf8')).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      topic: 'fixture-news',
      to: ['ops@example.org'],
      subject: 'PBX down',
      message: 'Since 19:03 & <b>',
      attributes: { site: 'office', type: 'pbx.down' },
    }),
  ])
})
