import { parseArgs } from 'node:util'
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs'
import { UsageError } from '../config.ts'

export const usage = `switchhook redrive --from URL-OF-DEAD-QUEUE --to URL-OF-QUEUE [--most 1000]
    sends what could not be stored back to where it came from, with the caller's own AWS credentials`

/** SQS hands out ten at most. A message that was taken and not sent comes back after this. */
const batchMax = 10
const visibilitySeconds = 60
/** An empty answer of SQS may be by chance; three in a row are taken for the end. */
const emptyMax = 3

/**
 * Sends each dead letter's body to the queue, then deletes it there: a crash between the two sends it twice, which is
 * absorbed where it is stored. What still cannot be stored comes back as a new dead letter, so `most` bounds the whole.
 */
export async function redrive(sqs: SQSClient, from: string, to: string, most: number): Promise<number> {
  let sent = 0
  for (let empty = 0; empty < emptyMax && sent < most; ) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: from,
        MaxNumberOfMessages: Math.min(batchMax, most - sent),
        VisibilityTimeout: visibilitySeconds,
      }),
    )
    empty = Messages.length === 0 ? empty + 1 : 0
    for (const { Body = '', ReceiptHandle } of Messages) {
      await sqs.send(new SendMessageCommand({ QueueUrl: to, MessageBody: Body }))
      await sqs.send(new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle }))
      sent += 1
    }
  }
  return sent
}

export async function run(args: string[], client: SQSClientConfig = {}): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { from: { type: 'string' }, to: { type: 'string' }, most: { type: 'string', default: '1000' } },
  })
  const most = Number(values.most)
  if (!values.from || !values.to || !Number.isInteger(most) || most < 1) throw new UsageError(usage)
  const sqs = new SQSClient(client)
  try {
    console.error(`${await redrive(sqs, values.from, values.to, most)} messages sent again`)
    return 0
  } finally {
    sqs.destroy()
  }
}
