import { onTestFinished } from 'vitest'
import { awakeClock, type TimerWorker } from '../../client/awake-clock.ts'
import { connect } from '../../client/index.ts'
import type { SocketLike } from '../../client/live-socket.ts'
import type { ClientFrame, EndpointEntity, Topic } from '../../contracts/frames.ts'
import type { PresenceRow } from '../../functions/stores/presence.ts'
import { answer } from '../../functions/websocket/message/answer.ts'
import { epoch } from '../browser/support/facts.ts'
import { VirtualClock } from '../browser/support/virtual-clock.ts'

const minute = 60_000
/** One way between page and cloud. */
const latencyMs = 40
/**
 * Timers set by timers at least this deep run at whole minutes in a hidden page ("intensive throttling"). Measured with
 * Chromium 156, hidden for 8 minutes: a timer of 45 s that a listener of the socket sets runs after 45 to 46 s.
 */
const nestingMax = 5

/**
 * The clock of a page in Chromium. While the page is hidden, timers run at whole seconds, and those that timers of timers set
 * at whole minutes. While the machine sleeps, the wall clock alone advances.
 */
export class PageClock extends VirtualClock {
  isHidden = false
  /** A browser that delays every timer of a hidden page to whole minutes. */
  isCoarse = false
  /** If false, the monotonic clock advances in sleep too, as on Windows. */
  stopsMonotonic = true
  #sleptMs = 0
  #wrongMs = 0
  #nesting = 0
  /** Promises may be waiting to settle. */
  isBusy = true

  override now(): number {
    return this.cloudNow() + this.#wrongMs
  }

  cloudNow(): number {
    return super.now() + this.#sleptMs
  }

  monotonic(): number {
    return this.stopsMonotonic ? super.now() : this.cloudNow()
  }

  override after(delayMs: number, task: () => void): () => void {
    const nesting = this.#nesting + 1
    const stepMs = this.isCoarse || nesting >= nestingMax ? minute : 1_000
    const dueAt = super.now() + delayMs
    const at = this.isHidden ? Math.ceil(dueAt / stepMs) * stepMs : dueAt
    return super.after(at - super.now(), () => {
      this.#nesting = nesting
      task()
      this.#nesting = 0
    })
  }

  /** Runs a task of the network, which no browser throttles. */
  network(delayMs: number, task: () => void): () => void {
    return super.after(delayMs, () => {
      this.isBusy = true
      task()
    })
  }

  sleep(ms: number): void {
    this.#sleptMs += ms
  }

  /** Sets the wall clock of the machine, which the cloud does not notice. */
  step(ms: number): void {
    this.#wrongMs += ms
  }

  /** Advances timer by timer, with the promises that each of them resolves. */
  async run(ms: number): Promise<void> {
    const end = super.now() + ms
    await this.#settle()
    for (
      let stepMs = this.delaysMs[0];
      stepMs !== undefined && super.now() + stepMs <= end;
      stepMs = this.delaysMs[0]
    ) {
      this.advance(stepMs)
      await this.#settle()
    }
    this.advance(end - super.now())
  }

  async #settle(): Promise<void> {
    if (!this.isBusy) return
    this.isBusy = false
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Limits of a proxy, in milliseconds: it cuts a socket after this time without a frame, or at this age in any case. */
export interface ProxyLimits {
  idleMs?: number
  ageMs?: number
}

type Listener = (event: { type: string; data?: unknown }) => void

/**
 * The cloud's own answers behind a proxy, and a page that is connected to it, all on one virtual clock and without a socket.
 */
export class SimulatedPage {
  readonly clock = new PageClock()
  readonly #rows = new Map<string, PresenceRow>()
  readonly frames: ClientFrame[] = []
  readonly statuses: string[] = []
  limits: ProxyLimits
  sockets = 0
  tickets = 0
  /** What the cloud leaves out, so that a test sees what the rest can do: digests in pongs, counts `ks` in deltas. */
  without: { digests?: boolean; counts?: boolean } = {}
  isOnline = true
  #onChange: (() => void) | undefined
  readonly #pushes = new Set<(frames: readonly object[]) => void>()
  readonly #cuts = new Set<() => void>()
  #k = 0
  /** Sockets up to this number are dead, and the page has not learnt it. */
  #deadTo = 0
  readonly live

  /** `hasWorker`: the page has timers of a worker, which nothing delays. */
  constructor(limits: ProxyLimits = {}, { hasWorker = false } = {}) {
    this.limits = limits
    const accept = () => this.#accept()
    this.live = connect({
      apiUrl: 'https://api.example.com',
      site: 'demo',
      key: 'test-key',
      clock: hasWorker ? awakeClock(() => this.#worker(), this.clock) : this.clock,
      requestTicket: async () => {
        this.clock.isBusy = true
        this.tickets += 1
        if (!this.isOnline) throw new Error('no network')
        return { ticket: 't', socketUrl: 'wss://api.example.com/dev', expiresAt: '', scopes: [] }
      },
      WebSocket: class implements SocketLike {
        readonly #connection = accept()
        send = (text: string) => this.#connection.send(text)
        close = () => this.#connection.close()
        addEventListener = (type: string, listener: Listener) => this.#connection.listen(type, listener)
      },
      environment: {
        isVisible: () => !this.clock.isHidden,
        isOnline: () => this.isOnline,
        watch: (onChange) => {
          this.#onChange = onChange
        },
      },
    })
    this.live.on('status', ({ state }) => this.statuses.push(state))
    onTestFinished(() => this.live.stop())
  }

  get pings(): number {
    return this.frames.filter(({ action }) => action === 'ping').length
  }
  get reconnections(): number {
    return this.statuses.filter((state) => state === 'reconnecting').length
  }

  hide(isHidden: boolean): void {
    this.clock.isHidden = isHidden
    this.#onChange?.()
  }

  /** Changes an endpoint in the cloud. The push is lost. */
  set(entity: EndpointEntity): void {
    const { id, v, r } = entity
    this.#rows.set(id, { id, v, r, w: this.clock.cloudNow(), entity, ended: false, settledBy: undefined })
    this.#k += 1
  }

  /** Changes an endpoint in the cloud and pushes the change to every open socket. */
  push(entity: EndpointEntity): void {
    this.set(entity)
    const w = this.clock.cloudNow()
    const ks = this.without.counts ? [] : [this.#k]
    const delta = { type: 'delta', topic: 'endpoints', epoch, ks, w, t: w, entities: [entity] }
    for (const push of this.#pushes) push([delta])
  }

  get openSockets(): number {
    return this.#pushes.size
  }

  /** Cuts every socket. */
  cut(): void {
    for (const cut of this.#cuts) cut()
  }

  setOnline(isOnline: boolean): void {
    this.isOnline = isOnline
    this.#onChange?.()
  }

  /** The machine sleeps. Meanwhile the cloud has given up its sockets, which the machine does not learn. */
  sleep(ms: number): void {
    this.clock.sleep(ms)
    this.#deadTo = this.sockets
  }

  #worker(): TimerWorker {
    const timers = new Map<number, () => void>()
    let onDue = (_: { data: unknown }): void => undefined
    return {
      addEventListener: (_, listener) => {
        onDue = listener
      },
      postMessage: ([timer, delayMs]) => {
        timers.get(timer)?.()
        timers.delete(timer)
        if (delayMs === undefined) return
        timers.set(
          timer,
          this.clock.network(delayMs, () => onDue({ data: timer })),
        )
      },
    }
  }

  #accept() {
    const { clock, limits } = this
    const listeners: [string, Listener][] = []
    const number = ++this.sockets
    let isOpen = true
    let cancelIdle: (() => void) | undefined
    const isDead = () => number <= this.#deadTo
    const emit = (type: string, data?: unknown) => {
      if (isOpen) for (const [name, listener] of listeners) if (name === type) listener({ type, data })
    }
    const end = () => {
      isOpen = false
      cancelIdle?.()
      this.#pushes.delete(deliver)
      this.#cuts.delete(cut)
    }
    const cut = () => {
      if (isDead()) return
      emit('close')
      end()
    }
    const touch = () => {
      cancelIdle?.()
      if (limits.idleMs !== undefined) cancelIdle = clock.network(limits.idleMs, cut)
    }
    const deliver = (frames: readonly object[]) => {
      if (isDead() || !isOpen) return
      touch()
      clock.network(latencyMs, () => emit('message', JSON.stringify(frames)))
    }
    clock.network(2 * latencyMs, () => {
      touch()
      this.#pushes.add(deliver)
      this.#cuts.add(cut)
      if (limits.ageMs !== undefined) clock.network(limits.ageMs, cut)
      emit('open')
    })
    return {
      listen: (type: string, listener: Listener) => listeners.push([type, listener]),
      send: (text: string) => {
        const frame = JSON.parse(text) as ClientFrame
        this.frames.push(frame)
        clock.network(latencyMs, () => void this.#answers(frame).then(deliver))
      },
      close: end,
    }
  }

  async #answers(frame: ClientFrame): Promise<object[]> {
    const now = this.clock.cloudNow()
    const connection = { site: 'demo', keyId: 'k', scopes: ['presence:read', 'presence:personal'] }
    const dependencies = {
      connections: { subscribe: async () => undefined },
      presence: { rows: async (_: string, topic: Topic) => (topic === 'endpoints' ? [...this.#rows.values()] : []) },
      bridgeStatus: async () => ({ lastHeard: new Date(now).toISOString(), stale: false }),
      epoch: async () => epoch,
      now,
    }
    const frames: object[] = []
    for await (const one of answer('c', connection, JSON.stringify(frame), dependencies)) {
      const { digests, ...rest } = { digests: undefined, ...one }
      frames.push({ ...rest, ...(digests && !this.without.digests && { digests }), t: now })
    }
    return frames
  }
}
