import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import { LocalCloudError, messageOf } from '../errors.ts'
import { errorTypeOf } from '../functions/outcome.ts'
import type { Log } from '../log.ts'
import type { Emulator } from '../services/emulator.ts'
import { within } from '../within.ts'
import { processedMessages } from './batch-result.ts'
import type { EventSource } from './event-source-settings.ts'
import { type Message, Received, sqsRecord } from './sqs-record.ts'

/** SQS's limits: messages of one receive, seconds of one long poll. */
const receiveMax = 10
const waitSecondsMax = 20
/** Limit on the message bodies of a batch: an event may have 6 MB, and the other fields of the records need the rest. */
const batchBytesMax = 5 * 1024 * 1024
/** Backoff after consecutive function errors: 0.1, 0.2, 0.4 ... s, at most 10 s. */
const backoffMsMin = 100
const backoffMsMax = 10_000
/** Time that running batches have to end when the local cloud stops. */
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

  /** Receives no more messages and waits for running batches. SQS delivers the messages of a batch that takes longer again. */
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
          await delay(Math.min(backoffMsMin * 2 ** (this.#errorsInARow - 1), backoffMsMax), undefined, { signal })
        }
        const batch = await this.#gather()
        // Messages received after stop() stay in flight; SQS delivers them again at the next start.
        for (const part of signal.aborted ? [] : splitBySize(batch)) this.#start(part)
      } catch (error) {
        if (signal.aborted) return
        this.#log('queue-poll-failed', { queue: this.#source.queueArn, error: messageOf(error) })
        await delay(backoffMsMax, undefined, { signal, ref: false }).catch(() => undefined)
      }
    }
  }

  #start(batch: Message[]): void {
    const work = this.#process(batch).catch((error: unknown) =>
      this.#log('queue-batch-failed', { queue: this.#source.queueArn, error: messageOf(error) }),
    )
    this.#running.add(work)
    work.finally(() => this.#running.delete(work))
  }

  /** Returns one receive or, with a batching window, all messages until the window closes or the batch is full. */
  async #gather(): Promise<Message[]> {
    const { batchSize, windowSeconds } = this.#source
    const batch = await this.#receive(batchSize, waitSecondsMax)
    const closesAt = performance.now() + windowSeconds * 1000
    let bytes = 0
    // Each iteration receives a message or lasts until the window closes, at most 300 s.
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
    const processed = processedMessages(outcome, batch, reportsFailures)
    if (processed.length < batch.length) {
      const fields = {
        function: target.name,
        messages: batch.length,
        failed: batch.length - processed.length,
        requestId: outcome.requestId,
      }
      this.#log('queue-batch-incomplete', {
        ...fields,
        ...(outcome.functionError ? { error: errorTypeOf(outcome) } : {}),
      })
    }
    for (let from = 0; from < processed.length; from += receiveMax) {
      const Entries = processed
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

  /** Calls the emulator directly: faults are injected for functions and the bridge, not for AWS's pollers. */
  async #call(action: string, input: Record<string, unknown>): Promise<unknown> {
    const body = Buffer.from(JSON.stringify({ QueueUrl: this.#source.queueUrl, ...input }))
    const { status, body: answer } = await this.#queues.call({ 'x-amz-target': `AmazonSQS.${action}` }, body)
    if (status !== 200) throw new LocalCloudError('queue-failed', `SQS answered ${action} with ${status}: ${answer}`)
    return JSON.parse(answer.toString())
  }
}

/** Bytes of a message's body in the event, where its quotes and line ends are escaped. */
const eventBytes = ({ Body }: Message) => Buffer.byteLength(JSON.stringify(Body))

/** Splits messages into batches that each fit into one invocation; ten messages of 1 MiB do not. */
function splitBySize(batch: readonly Message[]): Message[][] {
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
