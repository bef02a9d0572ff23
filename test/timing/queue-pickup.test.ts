import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { expect, test } from 'vitest'
import { notes, queues } from '../cloud/local-fixture/notes.ts'
import { runFixture } from '../cloud/local-fixture/packaged-fixture.ts'

const rounds = 10

test('a function receives a message within 100 ms after its queue was idle', async () => {
  await using fixture = await runFixture()
  const sqs = queues(fixture.cloud)
  /** Returns the milliseconds from the sending of a message to its receipt. */
  const pickup = async (round: number): Promise<number> => {
    const message = { QueueUrl: fixture.cloud.ref('WorkQueue'), MessageBody: JSON.stringify({ round }) }
    const { MessageId = '' } = await sqs.send(new SendMessageCommand(message))
    const record = async () => (await notes(fixture.cloud, 'record', MessageId))[0]
    await expect.poll(record).toBeDefined()
    const { attributes } = await record()
    return Number(attributes.ApproximateFirstReceiveTimestamp) - Number(attributes.SentTimestamp)
  }
  // The first message starts the function.
  await pickup(0)
  const latenciesMs: number[] = []
  for (let round = 1; round <= rounds; round++) latenciesMs.push(await pickup(round))
  latenciesMs.sort((left, right) => left - right)
  // A poller that slept between receives would take seconds. Other programs may slow a round down, so the median counts.
  expect(latenciesMs[rounds / 2]).toBeLessThan(100)
  sqs.destroy()
})
