import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { type AnyCommand, examples, UsageError, wholeNumber } from '../options.ts'

/** SQS returns at most ten messages. One that was received but not sent becomes visible again after a minute. */
const batchMax = 10
const visibilitySeconds = 60
/** SQS may return nothing although messages are left; after three empty answers the queue counts as empty. */
const emptyMax = 3

/**
 * Sends the body of each dead letter to its queue, then deletes the dead letter. A crash between the two sends it twice,
 * which the store absorbs. A message that still cannot be stored becomes a dead letter again, so `most` limits the run.
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

const queues = 'https://sqs.eu-west-3.amazonaws.com/123456789012'

export function addRedriveCommand(program: AnyCommand): void {
  program
    .command('redrive')
    .description('send dead letters back to their queue, with the AWS credentials of your environment')
    .requiredOption('--from <url>', 'dead-letter queue')
    .requiredOption('--to <url>', 'queue that the messages came from')
    .option('--most <messages>', 'how many messages to send at most', wholeNumber, 1000)
    .addHelpText('after', examples(`redrive --from ${queues}/dead-records --to ${queues}/records`))
    .action(async ({ from, to, most }) => {
      if (most < 1) throw new UsageError('--most must be at least 1.')
      const sqs = new SQSClient()
      try {
        console.error(`${await redrive(sqs, from, to, most)} messages sent again`)
      } finally {
        sqs.destroy()
      }
    })
}
