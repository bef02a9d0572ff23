import type { BridgeEvent } from '../../../contracts/events.ts'
import type { PostOutcome } from '../../../functions/gateways/sockets.ts'
import { lastSeenRecorder } from '../../../functions/queues/push-presence/last-seen.ts'
import { pushSite } from '../../../functions/queues/push-presence/push-site.ts'
import { Tombstones } from '../../../functions/queues/push-presence/tombstones.ts'
import { ConnectionStore } from '../../../functions/stores/connections.ts'
import { PresenceStore } from '../../../functions/stores/presence.ts'
import { SiteStore } from '../../../functions/stores/sites.ts'
import { answer } from '../../../functions/websocket/message/answer.ts'
import type { Chance } from './chance.ts'
import type { Faults } from './faults.ts'
import { type Invocation, never } from './invocation.ts'
import { site } from './pbx.ts'
import type { Plant } from './plants.ts'
import { SimStore } from './store.ts'
import type { Time } from './time.ts'

const receivesMax = 5
const visibilityMs = 60_000
const functionMs = 10_000
const scopes = ['presence:read', 'presence:personal']

interface Message {
  events: BridgeEvent[]
  sentAt: number
  received: number
}
/** A client's socket, seen from API Gateway. */
export interface SimConnection {
  deliver(frame: string): void
}

/** Queue, functions, table and sockets of the cloud. Runs the functions' own code over models that fail as AWS does. */
export class SimCloud {
  readonly #store: SimStore
  readonly #time: Time
  readonly #chance: Chance
  readonly #faults: Faults
  readonly #plant: Plant | undefined
  readonly #connections = new Map<string, SimConnection>()
  #queue: Message[] = []
  #isPolling = false
  /** All invocations share one warm function. */
  readonly #tombstones = new Tombstones()
  #made = 0

  constructor(parts: { time: Time; chance: Chance; faults: Faults; plant: Plant | undefined }) {
    this.#time = parts.time
    this.#chance = parts.chance
    this.#faults = parts.faults
    this.#plant = parts.plant
    this.#store = new SimStore(parts)
  }

  /** Calls that ended and became live again by an older fact. */
  get violations(): readonly string[] {
    return this.#store.violations
  }

  /** Accepts a message as SQS does, which delivers it at least once and in any order. */
  send(events: BridgeEvent[]): void {
    const message = { events, sentAt: this.#time.now(), received: 0 }
    this.#arrive(message, this.#faults.messageDelayMs())
    const doubleMs = this.#faults.doubleAfterMs()
    if (doubleMs !== undefined) this.#arrive(message, doubleMs)
  }

  #arrive(message: Message, delayMs: number): void {
    this.#time.after(delayMs, () => {
      this.#queue.push(message)
      if (this.#isPolling) return
      this.#isPolling = true
      this.#time.after(this.#chance.between(0.5, 15), () => this.#poll())
    })
  }

  #poll(): void {
    this.#isPolling = false
    const batch = this.#queue.splice(0, 10)
    if (batch.length === 0) return
    for (const message of batch) message.received += 1
    const again = () => {
      for (const message of batch) if (message.received < receivesMax) this.#arrive(message, visibilityMs)
    }
    void this.#invoke(again, async (invocation) => {
      const db = this.#store.client(invocation)
      const sites = new SiteStore(db, 'live')
      const isDone = await pushSite(
        site,
        batch.map(({ events, sentAt }, n) => {
          const lines = events.map((event, line) => ({ line, event }))
          return { messageId: `m${n}`, body: '', site, key: 'k', sentAt: this.#sentAt(sentAt), lines }
        }),
        {
          presence: new PresenceStore(db, 'live'),
          epochs: sites,
          tombstones: this.#tombstones,
          placed: { applyFact: async () => true },
          connections: new ConnectionStore(db, 'live'),
          timeLines: { put: async () => undefined },
          recordLastSeen: lastSeenRecorder(sites),
          sockets: { post: (id, frame) => this.#post(invocation, id, frame) },
          chunks: { send: async () => undefined },
          pacing: { adjust: async () => 100 },
          now: this.#time.now,
          wait: this.#time.wait,
          random: this.#time.random,
        },
      )
      if (!isDone) again()
    })
    if (this.#queue.length > 0) this.#poll()
  }

  /** The planted bug `late-made-live` treats every message as fresh. */
  #sentAt(sentAt: number): number {
    return this.#plant === 'late-made-live' ? this.#time.now() : sentAt
  }

  /** Runs a function until it returns, is killed, or times out after 10 s. */
  async #invoke(onDeath: () => void, run: (invocation: Invocation) => Promise<void>): Promise<void> {
    const invocation: Invocation = { isDead: false, onDeath }
    const die = () => {
      if (invocation.isDead) return
      invocation.isDead = true
      onDeath()
    }
    const cancel = [this.#time.after(functionMs, die)]
    const killMs = this.#faults.killAfterMs()
    if (killMs !== undefined) cancel.push(this.#time.after(killMs, die))
    try {
      await run(invocation)
    } catch {
      // After an error SQS delivers again, API Gateway rejects the handshake, or the client gets an error message.
      die()
    }
    for (const one of cancel) one()
  }

  async #post(invocation: Invocation, id: string, frame: string): Promise<PostOutcome> {
    const outcome = this.#faults.postOutcome()
    await this.#time.wait(this.#faults.postMs())
    if (invocation.isDead) await never()
    const connection = this.#connections.get(id)
    // The post is under way, so it arrives even if the function is killed now.
    if (connection && outcome === 'sent') this.#time.after(this.#faults.networkMs(), () => this.#deliver(id, frame))
    await this.#time.wait(this.#faults.postMs())
    if (invocation.isDead) await never()
    return connection ? outcome : 'gone'
  }

  #deliver(id: string, frame: string): void {
    this.#connections.get(id)?.deliver(frame)
  }

  /** Runs `$connect` with a valid ticket. `onOpen` gets the connection's id. */
  open(connection: SimConnection, onOpen: (id: string) => void): void {
    const id = `c${this.#made++}`
    void this.#invoke(
      () => undefined,
      async (invocation) => {
        const store = new ConnectionStore(this.#store.client(invocation), 'live')
        await store.open(id, { site, keyId: 'key', scopes }, this.#time.now())
        this.#connections.set(id, connection)
        onOpen(id)
      },
    )
  }

  /** Closes a connection. API Gateway runs `$disconnect` only if `isReported`: it does not guarantee it. */
  close(id: string, isReported: boolean): void {
    if (!this.#connections.delete(id) || !isReported) return
    void this.#invoke(
      () => undefined,
      async (invocation) => new ConnectionStore(this.#store.client(invocation), 'live').close(id, site),
    )
  }

  message(id: string, text: string): void {
    void this.#invoke(
      () => this.#deliver(id, '{"message":"Internal server error","connectionId":"c","requestId":"r"}'),
      async (invocation) => {
        const db = this.#store.client(invocation)
        const connections = new ConnectionStore(db, 'live')
        const connection = await connections.find(id)
        if (!connection) return
        const sites = new SiteStore(db, 'live')
        const answering = {
          connections,
          presence: new PresenceStore(db, 'live'),
          bridgeStatus: sites.bridgeStatus.bind(sites),
          epoch: sites.epoch.bind(sites),
          now: this.#time.now(),
        }
        const order = this.#plant === 'snapshot-before-subscription' ? readFirst(answering) : answering
        for await (const frame of answer(id, connection, text, order)) {
          await this.#post(invocation, id, JSON.stringify({ ...frame, t: this.#time.now() }))
        }
      },
    )
  }
}

type AnswerDependencies = Parameters<typeof answer>[3]

/** The planted bug `snapshot-before-subscription`: reads the snapshot before it writes the subscription. */
function readFirst(answering: AnswerDependencies): AnswerDependencies {
  const waiting: (() => Promise<void>)[] = []
  return {
    ...answering,
    connections: {
      subscribe: async (...args) => {
        waiting.push(() => answering.connections.subscribe(...args))
      },
    },
    presence: {
      rows: async (...args) => {
        const rows = await answering.presence.rows(...args)
        for (const one of waiting.splice(0)) await one()
        return rows
      },
    },
  }
}
