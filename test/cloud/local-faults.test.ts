import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { queues, tables } from './local-fixture/notes.ts'
import { type RunningFixture, runFixture } from './local-fixture/packaged-fixture.ts'

let fixture: RunningFixture
beforeAll(async () => {
  fixture = await runFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const put = (sk: string) =>
  tables(fixture.cloud).send(
    new PutItemCommand({ TableName: 'fixture-notes', Item: { pk: { S: 'fault' }, sk: { S: sk } } }),
  )
const stored = async (sk: string) => {
  const Key = { pk: { S: 'fault' }, sk: { S: sk } }
  return (
    await tables(fixture.cloud).send(new GetItemCommand({ TableName: 'fixture-notes', Key, ConsistentRead: true }))
  ).Item
}

test('a fault with every: 3 fails each third request of one action until the fault is removed', async () => {
  const remove = fixture.cloud.faults.add({ service: 'dynamodb', action: 'PutItem', every: 3, kind: 'error500' })
  const outcomes: string[] = []
  for (let n = 1; n <= 6; n++)
    outcomes.push(
      await put(`every-${n}`).then(
        () => 'ok',
        ({ name }) => name,
      ),
    )
  expect(outcomes).toEqual(['ok', 'ok', 'InternalServerError', 'ok', 'ok', 'InternalServerError'])
  expect(await stored('every-3')).toBeUndefined()
  remove()
  for (let n = 1; n <= 3; n++) await put('removed')
})

test.each([
  ['throttle', 'ThrottlingException'],
  ['access-denied', 'AccessDeniedException'],
] as const)('a fault of kind %s with next: 1 fails only the next request', async (kind, name) => {
  fixture.cloud.faults.add({ service: 'dynamodb', next: 1, kind })
  await expect(put('next')).rejects.toMatchObject({ name })
  await put('next')
})

test('a fault of kind reply-lost lets the request be executed and drops the reply', async () => {
  fixture.cloud.faults.add({ service: 'dynamodb', action: 'PutItem', next: 1, kind: 'reply-lost' })
  await expect(put('lost')).rejects.toThrow(/socket hang up|ECONNRESET/)
  expect(await stored('lost')).toBeDefined()
})

test('a fault of kind delay delays a request', async () => {
  fixture.cloud.faults.add({ service: 'sqs', action: 'SendMessage', next: 1, kind: 'delay', delayMs: 150 })
  const startedAt = performance.now()
  const QueueUrl = fixture.cloud.ref('ForeignQueue')
  await queues(fixture.cloud).send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))
  expect(performance.now() - startedAt).toBeGreaterThan(149)
})

test('faults of SQS have the error names of SQS', async () => {
  const QueueUrl = fixture.cloud.ref('ForeignQueue')
  const ask = () =>
    queues(fixture.cloud).send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }))
  for (const [kind, name] of [
    ['throttle', 'RequestThrottled'],
    ['access-denied', 'AccessDenied'],
    ['error500', 'InternalError'],
  ] as const) {
    fixture.cloud.faults.add({ service: 'sqs', next: 1, kind })
    await expect(ask()).rejects.toMatchObject({ name })
  }
})
