import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import { messageOf } from '../errors.ts'
import { errorTypeOf } from '../functions/outcome.ts'
import type { Log } from '../log.ts'
import type { Emulator } from '../services/emulator.ts'
import { within } from '../within.ts'
import { doneMessages } from './batch-result.ts'
import type { EventSource } from './event-source-settings.ts'
import { type Message, Received, sqsRecord } from './sqs-record.ts'

/** SQS's own limits: messages of one receive, seconds of one long poll. */
const receiveMax = 10
const waitSecondsMax = 20
/** A batch's event must fit into one invocation; the records' own fields take the rest of 6 MB. */
const batchBytesMax = 5 * 1024 * 1024
/** Waits after the 1st, 2nd ... function error in a row: 0.1, 0.2 ... s, 10 s at most. */
const backOffMsMin = 100
const backOffMsMax = 10_000
/** What a batch gets to end in when the runner stops. */
const drainMsMax = 3000

/** Polls one queue for one function, as an event source mapping does. */
export class QueuePoller {
  readonly #source: EventSource
  readonly #queues: Emulator
  readonly #region: string
  readonly #log: Log
  readonly #stopping = new AbortController()
  readonly #running = new Set<Promise<void>>()
  #errorsInARow = 0

  constructor(source: EventSource, queues: Emulator, region: string, log: Log) {
    this.#source = source
    this.#queues = queues
    this.#region = region
    this.#log = log
  }

  start(): void {
    void this.#poll()
  }

  /** Takes no more messages and lets what runs end; what takes longer comes back later, as after a crash on AWS. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await within(Promise.all(this.#running), drainMsMax)
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        if (this.#running.size >= this.#source.concurrency) await Promise.race(this.#running)
        if (this.#errorsInARow > 0 && !this.#source.reportsFailures) {
          await delay(Math.min(backOffMsMin * 2 ** (this.#errorsInARow - 1), backOffMsMax), undefined, { signal })
        }
        const batch = await this.#gather()
        // What comes after the stop stays in flight and is delivered again at the next start.
        for (const part of signal.aborted ? [] : fitting(batch)) this.#begin(part)
      } catch (error) {
        if (signal.aborted) return
        this.#log('queue-poll-failed', { queue: this.#source.queueArn, error: messageOf(error) })
        await delay(backOffMsMax, undefined, { signal, ref: false }).catch(() => undefined)
      }
    }
  }

  #begin(batch: Message[]): void {
    const work = this.#process(batch).catch((error: unknown) =>
      this.#log('queue-batch-failed', { queue: this.#source.queueArn, error: messageOf(error) }),
    )
    this.#running.add(work)
    work.finally(() => this.#running.delete(work))
  }

  /** A batch: what the first receive brings, or, with a batching window, what comes until it closes or the batch is full. */
  async #gather(): Promise<Message[]> {
    const { batchSize, windowSeconds } = this.#source
    const batch = await this.#receive(batchSize, waitSecondsMax)
    const closesAt = performance.now() + windowSeconds * 1000
    let bytes = 0
    // Each round brings a message or ends with the window, 300 s at most.
    while (batch.length > 0 && batch.length < batchSize && bytes < batchBytesMax && !this.#stopping.signal.aborted) {
      const leftSeconds = (closesAt - performance.now()) / 1000
      if (leftSeconds <= 0) break
      batch.push(...(await this.#receive(batchSize - batch.length, Math.min(leftSeconds, waitSecondsMax))))
      bytes = batch.reduce((sum, message) => sum + eventBytes(message), 0)
    }
    return batch
  }

  async #process(batch: Message[]): Promise<void> {
    const { target, queueArn, reportsFailures } = this.#source
    const Records = batch.map((message) => sqsRecord(message, queueArn, this.#region))
    const outcome = await target.invoke({ Records })
    this.#errorsInARow = outcome.functionError ? this.#errorsInARow + 1 : 0
    const done = doneMessages(outcome, batch, reportsFailures)
    if (done.length < batch.length) {
      const fields = {
        function: target.name,
        messages: batch.length,
        failed: batch.length - done.length,
        requestId: outcome.requestId,
      }
      this.#log('queue-batch-incomplete', {
        ...fields,
        ...(outcome.functionError ? { error: errorTypeOf(outcome) } : {}),
      })
    }
    for (let from = 0; from < done.length; from += receiveMax) {
      const Entries = done
        .slice(from, from + receiveMax)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
      await this.#call('DeleteMessageBatch', { Entries })
    }
  }

  async #receive(count: number, waitSeconds: number): Promise<Message[]> {
    const answer = await this.#call('ReceiveMessage', {
      MaxNumberOfMessages: Math.min(count, receiveMax),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    })
    return v.parse(Received, answer).Messages
  }

  /** Straight to the emulator: AWS's pollers are no caller that a fault is injected for. */
  async #call(action: string, input: Record<string, unknown>): Promise<unknown> {
    const body = Buffer.from(JSON.stringify({ QueueUrl: this.#source.queueUrl, ...input }))
    const { status, body: answer } = await this.#queues.call({ 'x-amz-target': `AmazonSQS.${action}` }, body)
    if (status !== 200) throw new Error(`${action} was answered ${status}: ${answer}`)
    return JSON.parse(answer.toString())
  }
}

/** A body's part of the event, in which its quotes and line ends are escaped once more. */
const eventBytes = ({ Body }: Message) => Buffer.byteLength(JSON.stringify(Body))

/** Cuts what was received into batches that fit into one invocation: ten messages of 1 MiB do not. */
function fitting(batch: readonly Message[]): Message[][] {
  const parts: Message[][] = []
  let bytes = Infinity
  for (const message of batch) {
    bytes += eventBytes(message)
    if (bytes > batchBytesMax) {
      parts.push([])
      bytes = eventBytes(message)
    }
    parts.at(-1)?.push(message)
  }
  return parts
}
