import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs'
import * as v from 'valibot'
import { CloudClock } from '../operate/cloud-clock.ts'
import { sqsFault } from './sqs-errors.ts'

export interface SqsAccess {
  /** `undefined`: the AWS SDK searches for credentials. */
  credentials?: SQSClientConfig['credentials'] | undefined
  /** Learns the cloud's time from every answer, and gives requests the right one. */
  clock?: CloudClock | undefined
  /** SQS says that the credentials have expired: the next request needs new ones. */
  onExpired?: (() => void) | undefined
}

const Answered = v.looseObject({ headers: v.looseObject({ date: v.optional(v.string()) }) })

/** Creates an SQS client without retries that signs with the cloud's time, whatever the wall clock of this machine shows. */
export function createSqsClient(
  region: string,
  { credentials, clock = new CloudClock(), onExpired }: SqsAccess,
): SQSClient {
  // The SDK's own retries would resend a whole batch for one failed entry, and the bridge could not count them.
  const client = new SQSClient({ region, maxAttempts: 1, ...(credentials && { credentials }) })
  // The SDK keeps an offset of its own, learnt from each answer: after a step of the clock, one request would be refused.
  Object.defineProperty(client.config, 'systemClockOffset', { get: () => clock.offsetMs, set: () => undefined })
  const note = (answer: unknown) => {
    if (v.is(Answered, answer)) clock.note(answer.headers.date)
  }
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        const result = await next(args)
        note(result.response)
        return result
      } catch (error) {
        if (error instanceof Error && '$response' in error) note(error.$response)
        clock.noteError(error)
        if (sqsFault(error) === 'expired') onExpired?.()
        throw error
      }
    },
    { step: 'initialize', name: 'noteDate' },
  )
  return client
}
