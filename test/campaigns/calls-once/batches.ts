import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import * as v from 'valibot'
import { Enrolled } from '../../../contracts/bridge-access.ts'
import { Call } from '../../../contracts/calls.ts'
import type { Stack } from '../../pbx/support/stack.ts'
import type { Random } from '../../support/random.ts'
import { until } from '../../support/until.ts'

export interface Asked {
  call: string
  isCancelled: boolean
  result?: string
}

/** Of ten calls, this many are cancelled at once, by a command that may arrive before that of the call. */
const cancelledOfTen = 2
/** The deadline is 15 s and the check after it 45 s; the rest is tolerance. */
const endMsMax = 120_000
const readsAtOnce = 8

/** Places calls through the API, and controls the queue between API and bridge. */
export class CallBatches {
  readonly asked: Asked[] = []
  posts = 0
  resent = 0
  readonly #it: Stack
  readonly #random: Random
  readonly #sqs: SQSClient
  readonly #queue: string

  private constructor(it: Stack, random: Random, queue: string) {
    this.#it = it
    this.#random = random
    this.#queue = queue
    const { region, endpoints, credentials } = it.deployment.cloud
    this.#sqs = new SQSClient({ region, endpoint: endpoints.sqs, credentials: credentials('operator') })
  }

  static async open(it: Stack, random: Random): Promise<CallBatches> {
    const enrolment = JSON.parse(await readFile(path.join(it.bridgeFolder, 'enrolment.json'), 'utf8'))
    const { queues } = v.parse(v.pick(v.looseObject(Enrolled.entries), ['queues']), enrolment)
    const settings = { callsAtOnce: 1_000, callsPerMinute: 1_000, callsPerDay: 10_000 }
    const body = { settings }
    const changed = await it.deployment.call('PATCH', '/v1/sites/office', { key: it.deployment.cloud.adminKey, body })
    if (!changed.ok) throw new Error(await changed.text())
    for (const number of ['60', '61']) await it.pbx.phones.setBehaviour(number, { kind: 'busy' })
    return new CallBatches(it, random, queues.commands)
  }

  /** Asks for so many calls, each one to three times with its key; some are cancelled at once. */
  async place(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const key = `key-${this.asked.length}`
      const [from, to] = this.#random.below(2) === 0 ? ['5860', '61'] : ['5861', '60']
      const ids = new Set([await this.#post({ from, to }, key)])
      for (let again = this.#random.below(3); again > 0; again -= 1) ids.add(await this.#post({ from, to }, key))
      const [call = ''] = ids
      if (ids.size !== 1) throw new Error(`${key} is ${[...ids].join(' and ')}`)
      const isCancelled = this.#random.below(10) < cancelledOfTen
      if (isCancelled) await this.#ask('DELETE', `/${call}`)
      this.asked.push({ call, isCancelled })
    }
  }

  /** Takes all that waits, and sends it again in another order, half of it twice. */
  async shuffleQueue(): Promise<void> {
    const found = new Set<string>()
    for (;;) {
      const ask = { QueueUrl: this.#queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 0, VisibilityTimeout: 5 }
      const { Messages = [] } = await this.#sqs.send(new ReceiveMessageCommand(ask))
      if (Messages.length === 0) break
      for (const { Body = '', ReceiptHandle } of Messages) {
        found.add(Body)
        await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#queue, ReceiptHandle }))
      }
    }
    const bodies = [...found].flatMap((body) => (this.#random.below(2) === 0 ? [body] : [body, body]))
    for (let left = bodies.length; left > 0; left -= 1) {
      const [MessageBody = ''] = bodies.splice(this.#random.below(left), 1)
      await this.#sqs.send(new SendMessageCommand({ QueueUrl: this.#queue, MessageBody }))
      this.resent += 1
    }
  }

  /** Reads every call until it has ended, and notes its result. */
  async allEnded(): Promise<void> {
    const open = this.asked.filter(({ result }) => result === undefined)
    const worker = async () => {
      for (let one = open.pop(); one; one = open.pop()) one.result = await this.#resultOf(one.call)
    }
    await Promise.all(Array.from({ length: readsAtOnce }, worker))
  }

  async #resultOf(id: string): Promise<string> {
    const read = async () => {
      const { state, result } = v.parse(Call, await (await this.#ask('GET', `/${id}`)).json())
      return state === 'ended' && result
    }
    return until(`${id} to end`, read, endMsMax)
  }

  async #post(body: object, key: string): Promise<string> {
    this.posts += 1
    const response = await this.#ask('POST', '', { body, headers: { 'idempotency-key': key } })
    const text = await response.text()
    // A bridge that died again and again before it sent anything counts as offline: start it until it sends a heartbeat.
    if (response.status === 503) {
      await this.#it.bridge.start()
      await until('the bridge to be heard', async () => (await this.#isHeard()) || undefined)
      await this.#it.bridge.kill()
      return this.#post(body, key)
    }
    if (response.status !== 202) throw new Error(`${response.status} ${text}`)
    return v.parse(Call, JSON.parse(text)).call
  }

  async #isHeard(): Promise<boolean> {
    const response = await this.#it.deployment.call('GET', '/v1/sites/office/endpoints', { key: this.#it.site.apiKey })
    const { lastHeard } = v.parse(v.looseObject({ lastHeard: v.string() }), await response.json())
    return Date.now() - Date.parse(lastHeard) < 5_000
  }

  #ask(method: string, below: string, more: { body?: object; headers?: Record<string, string> } = {}) {
    return this.#it.deployment.call(method, `/v1/sites/office/calls${below}`, { key: this.#it.site.apiKey, ...more })
  }
}
