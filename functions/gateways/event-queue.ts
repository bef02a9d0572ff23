import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import { AttackEvent, CallEvent, EndpointEvent, GapEvent, QueueEvent } from '../../contracts/events.ts'
import { PbxStatus } from '../../contracts/facts.ts'
import { SiteId, Timestamp } from '../../contracts/names.ts'
import { KeyFrozen, VerifiedData } from '../../contracts/webhook-event-data.ts'
import { Outage } from '../domain/webhooks/outage-notice.ts'
import { delaySecondsMax } from './delivery-queue.ts'

/** What the functions of the other queues found out about a site, from which its webhook events are made. */
export const EventMessage = v.looseObject({
  site: SiteId,
  facts: v.optional(v.array(v.variant('type', [CallEvent, EndpointEvent, QueueEvent, GapEvent, AttackEvent]))),
  /** CDRs that were stored. */
  cdrs: v.optional(v.array(Cdr)),
  /** Calls that have ended or got a CDR: they are read from the call log. */
  calls: v.optional(v.array(v.string())),
  /** Calls to the outside that were in progress: the watch judges them again. */
  outside: v.optional(v.array(v.string())),
  /** How often these calls were found to be in progress. */
  looks: v.optional(v.number()),
  /** The bridge is silent since then. */
  lost: v.optional(Timestamp),
  /** The bridge was seen again. */
  back: v.optional(v.boolean()),
  /** The bridge reports that it reaches its PBX or no longer does. */
  pbx: v.optional(PbxStatus),
  /** Ids of stored events that the event bus did not take yet. */
  bus: v.optional(v.array(v.string())),
  /** How often these events came back from the queue. */
  busTries: v.optional(v.number()),
  /** A notice for people that is to be published to the topic of the deployment. */
  outage: v.optional(Outage),
  /** A key was frozen. */
  frozen: v.optional(KeyFrozen),
  /** A day was verified. */
  verified: v.optional(v.looseObject({ run: v.string(), doneAt: Timestamp, ...VerifiedData.entries })),
})
export type EventMessage = v.InferOutput<typeof EventMessage>
export type SentFact = NonNullable<EventMessage['facts']>[number]

/** SQS's limit is 1 MiB. A message of this size has some hundred facts. */
const messageCharsMax = 200_000

/** Sends to the queue of the function that makes webhook events. */
export class EventQueue {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl
  }

  async send(message: EventMessage, delaySeconds = 0): Promise<void> {
    await Promise.all(split(message).map((part) => this.#sendOne(part, delaySeconds)))
  }

  async #sendOne(message: EventMessage, delaySeconds: number): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#queueUrl,
        MessageBody: JSON.stringify(message),
        DelaySeconds: Math.min(delaySeconds, delaySecondsMax),
      }),
    )
  }
}

/** Divides the lists of a message so that each part fits into a message of SQS. */
function split(message: EventMessage): EventMessage[] {
  const { site, facts = [], cdrs = [], ...rest } = message
  const parts = [
    ...runs(facts).map((run): EventMessage => ({ site, facts: run })),
    ...runs(cdrs).map((run): EventMessage => ({ site, cdrs: run })),
  ]
  const others = Object.values(rest).some((value) => value !== undefined)
  return others ? [...parts, { site, ...rest }] : parts
}

function runs<T>(items: readonly T[]): T[][] {
  const found: T[][] = []
  let room = 0
  for (const item of items) {
    const chars = JSON.stringify(item).length
    if (chars > room) {
      found.push([])
      room = messageCharsMax
    }
    found.at(-1)?.push(item)
    room -= chars
  }
  return found
}
