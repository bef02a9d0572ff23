import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { FraudSettings } from '../../contracts/fraud.ts'
import { numbering } from '../../functions/domain/phone-number.ts'
import type { OutageNotice } from '../../functions/domain/webhooks/outage-notice.ts'
import type { DeliveryMessage } from '../../functions/gateways/delivery-queue.ts'
import type { EventMessage } from '../../functions/gateways/event-queue.ts'
import type { WebhookAnswer, WebhookRequest } from '../../functions/gateways/webhook-post.ts'
import { type DeliverDependencies, deliverAll } from '../../functions/queues/deliver-webhooks/deliver.ts'
import type { ReplayDependencies } from '../../functions/queues/deliver-webhooks/replay.ts'
import { sweep } from '../../functions/queues/deliver-webhooks/sweep.ts'
import type { BusPublisher } from '../../functions/queues/publish-events/bus.ts'
import { publisher } from '../../functions/queues/publish-events/publish.ts'
import { publishMessage } from '../../functions/queues/publish-events/publish-message.ts'
import { CallOrderStore } from '../../functions/stores/call-order.ts'
import { FraudStates } from '../../functions/stores/fraud-states.ts'
import { SubscriptionStore } from '../../functions/stores/subscriptions.ts'
import { DeliveryStore } from '../../functions/stores/webhook-deliveries.ts'
import { TargetStore } from '../../functions/stores/webhook-targets.ts'
import { type WebhookRow, WebhookStore } from '../../functions/stores/webhooks.ts'
import { MemoryTable } from '../simulate/presence/table.ts'
import { testDataKeys } from './data-keys.ts'
import { Killed, type Process } from './killed-writes.ts'
import { VirtualClock } from './virtual-clock.ts'
import { type WorldBus, worldBus } from './webhook-bus.ts'
import { meteredDb, type WebhookMeter } from './webhook-meter.ts'

export type Receiver = (request: WebhookRequest, clock: VirtualClock) => Promise<WebhookAnswer>
interface WorldOptions extends WorldBus {
  receiver: Receiver
  /** Invocations at the same time, of each queue. */
  invocationsMax?: number
  /** SQS delivers each message twice. */
  isDoubled?: boolean
  process?: Process
  table?: MemoryTable
  meter?: WebhookMeter
}

const site = 'office'
export const reader = {
  scopes: ['webhooks:manage', 'presence:read', 'presence:personal', 'calls:read', 'cdrs:read', 'cdrs:personal'],
}
const visibilityMs = 240_000
const batchMax = 10

interface Lane {
  waiting: DeliveryMessage[]
  invocations: number
}
const newLane = (): Lane => ({ waiting: [], invocations: 0 })

/** The functions of webhooks over a table in memory, with queues like SQS's, on a virtual clock. */
export class WebhookWorld {
  readonly clock = new VirtualClock()
  readonly table: MemoryTable
  readonly received: { webhook: string; id: string; at: number }[] = []
  readonly #options: WorldOptions
  /** Messages in the queue of deliveries, and in that of receivers that fail. */
  readonly #lanes = [newLane(), newLane()] as const
  readonly db: DynamoDBDocumentClient
  readonly #targets: TargetStore
  #events: ReturnType<typeof publisher> | undefined

  constructor(options: WorldOptions) {
    this.#options = options
    this.table = options.table ?? new MemoryTable()
    this.db = meteredDb(this.table, options.meter)
    this.#targets = new TargetStore(this.db, 't')
  }

  async makeWebhook(id: string, more: Partial<WebhookRow> = {}): Promise<void> {
    const row: WebhookRow = {
      id,
      key: 'k',
      url: `https://${id.replace('_', '-')}.example.org/`,
      types: ['*'],
      format: 'standard',
      perSecond: 10,
      contentType: 'application/json',
      secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX',
      enabled: true,
      createdAt: this.clock.now,
      tag: 'first',
      request: '',
      ...more,
    }
    await new WebhookStore(this.db, 't', testDataKeys).create(site, row)
  }

  /** Writes a row as no store does. */
  putRow(item: Record<string, unknown>): void {
    this.table.carryOut(new PutCommand({ TableName: 't', Item: item }))
  }

  /** Dependencies of the API's use cases about deliveries. */
  ofApi() {
    return {
      caller: reader,
      webhooks: new WebhookStore(this.db, 't', testDataKeys),
      deliveries: new DeliveryStore(this.db, 't'),
      queue: { send: async (sent: Parameters<DeliverDependencies['queue']['send']>[0]) => this.#send(sent, undefined) },
      now: this.clock.now,
    }
  }

  /** Handles a message of the `events` queue, again if the process was killed. */
  async publish(message: EventMessage): Promise<void> {
    const run = async (process?: Process) => {
      const db = process?.over(this.db) ?? this.db
      const deliveries = new DeliveryStore(db, 't')
      const events = publisher({
        deliveries,
        order: new CallOrderStore(db, 't'),
        webhooksOf: (of) => new SubscriptionStore(db, 't').list(of),
        readerOf: async () => reader,
        failingOf: (of) => new TargetStore(db, 't').failing(of),
        queue: { send: async (sent) => this.#send(sent, process) },
        bus: this.bus(process),
        now: () => this.clock.now,
      })
      this.#events = process ? undefined : (this.#events ?? events)
      const dependencies = {
        seen: deliveries,
        log: { legs: async () => [] },
        placed: { find: async () => undefined },
        liveCalls: async () => new Set<string>(),
        numberingOf: async () => numbering('FR'),
        fraud: {
          states: new FraudStates(db, 't'),
          localeOf: async () => ({ ...numbering('FR'), zone: 'Europe/Paris', fraud: v.parse(FraudSettings, {}) }),
          now: () => this.clock.now,
        },
        queue: async (sent: EventMessage) => {
          process?.write()
          this.queued.push(sent)
        },
      }
      return publishMessage(message, dependencies, this.#events ?? events, this.bus(process), this.notices)
    }
    await this.#surviving(run)
    if (this.#options.isDoubled) await run()
  }

  requests = 0
  /** Messages that the function sent to its own queue. */
  readonly queued: EventMessage[] = []
  readonly told: OutageNotice[] = []
  notices = { publish: async (notice: OutageNotice) => void this.told.push(notice) }

  /** Messages that the event bus did not take: they are in the queue of events. */
  readonly backlog: EventMessage[] = []
  readonly delays: number[] = []

  bus(process?: Process): BusPublisher | undefined {
    const db = process?.over(this.db) ?? this.db
    const { backlog, delays, clock } = this
    return worldBus(this.#options, { db, process, backlog, delays, now: () => clock.now })
  }

  async run(ms: number): Promise<void> {
    const end = this.clock.now + ms
    while (this.clock.now < end) {
      // Minutes in which nothing happens are skipped.
      const until = Math.min(end, Math.max(this.clock.now, Math.min(this.clock.nextAt, this.#nextDueAt())) + 60_000)
      await this.clock.runUntil(until)
      this.clock.now = until
      await this.#surviving((process) => this.#sweep(process))
    }
  }

  #nextDueAt(): number {
    const due = this.table.items().filter(({ pk }) => String(pk).startsWith('DUE#'))
    return Math.min(...due.map(({ sk }) => Date.parse(String(sk).split('#')[0] ?? '')))
  }

  #sweep(process: Process | undefined): Promise<unknown> {
    const deliveries = new DeliveryStore(process?.over(this.db) ?? this.db, 't')
    const queue = {
      send: async (sent: Parameters<DeliverDependencies['queue']['send']>[0]) => this.#send(sent, process),
    }
    return sweep({ deliveries, queue, now: () => this.clock.now, until: Number.POSITIVE_INFINITY })
  }

  #send(sent: Parameters<DeliverDependencies['queue']['send']>[0], process: Process | undefined): void {
    if (sent.length > 0) process?.write()
    this.#options.meter?.onSend(sent.length)
    for (const { message, delaySeconds } of sent) {
      // A message that waits for its turn is not doubled again, or each wait would double all copies.
      const copies = this.#options.isDoubled && !message.isReserved && !message.waits ? 2 : 1
      for (let n = 0; n < copies; n += 1)
        this.clock.after(Math.ceil(delaySeconds) * 1000 + n * 10, () => this.#arrive(message))
    }
  }

  #arrive(message: DeliveryMessage): void {
    const lane = this.#lanes[message.isSlow ? 1 : 0]
    lane.waiting.push(message)
    this.clock.after(5, () => void this.#invoke(lane))
  }

  async #invoke(lane: Lane): Promise<void> {
    const { invocationsMax = lane === this.#lanes[0] ? 25 : 10 } = this.#options
    if (lane.invocations >= invocationsMax || lane.waiting.length === 0) return
    lane.invocations += 1
    const batch = lane.waiting.splice(0, batchMax)
    this.requests += batch.length
    const { process } = this.#options
    const started = this.clock.now
    const failed = process?.isKilled ? batch : await this.#deliver(batch, process)
    this.#options.meter?.onBatch(this.clock.now - started)
    if (process?.isKilled) Object.assign(this.#options, { process: undefined })
    for (const message of failed) this.clock.after(visibilityMs, () => this.#arrive(message))
    lane.invocations -= 1
    if (lane.waiting.length > 0) await this.#invoke(lane)
  }

  /** A killed process reports nothing, so SQS delivers its whole batch again. */
  async #deliver(batch: DeliveryMessage[], process: Process | undefined): Promise<DeliveryMessage[]> {
    const failed = await deliverAll(batch, this.ofQueue(process))
    return process?.isKilled ? batch : failed
  }

  /** Dependencies of the function that handles deliveries. */
  ofQueue(process?: Process): DeliverDependencies & ReplayDependencies {
    const db = process?.over(this.db) ?? this.db
    return {
      deliveries: new DeliveryStore(db, 't'),
      webhooks: new WebhookStore(db, 't', testDataKeys),
      order: new CallOrderStore(db, 't'),
      targets: process ? new TargetStore(db, 't') : this.#targets,
      queue: { send: async (sent) => this.#send(sent, process), sendReplay: async () => undefined },
      post: async (request) => {
        process?.read()
        const answer = await this.#options.receiver(request, this.clock)
        const id = request.headers['webhook-id'] ?? ''
        if (answer.status !== undefined) this.received.push({ webhook: request.webhook, id, at: this.clock.now })
        return answer
      },
      readerOf: async () => reader,
      rules: { ownHosts: [], allowsLocal: false },
      now: () => this.clock.now,
      random: () => 0.5,
    }
  }

  async #surviving(run: (process?: Process) => Promise<unknown>): Promise<void> {
    const { process } = this.#options
    try {
      await run(process)
      if (!process?.isKilled) return
    } catch (error) {
      if (!(error instanceof Killed)) throw error
    }
    Object.assign(this.#options, { process: undefined })
    await run()
  }
}
