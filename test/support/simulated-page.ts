import { onTestFinished } from 'vitest'
import { connect } from '../../client/index.ts'
import type { SocketLike } from '../../client/live-socket.ts'
import type { ClientFrame, EndpointEntity, ServerFrame } from '../../contracts/frames.ts'
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
/** Promises in a row that a timer of the client may resolve. */
const promisesMax = 6

async function settle(): Promise<void> {
  for (let turn = 0; turn < promisesMax; turn++) await null
}

/**
 * The clock of a page in Chromium. While the page is hidden, timers run at whole seconds, and those that timers of timers set
 * at whole minutes. While the machine sleeps, the wall clock alone advances.
 */
export class PageClock extends VirtualClock {
  isHidden = false
  /** If false, the monotonic clock advances in sleep too, as on Windows. */
  stopsMonotonic = true
  #sleptMs = 0
  #nesting = 0

  override now(): number {
    return super.now() + this.#sleptMs
  }

  monotonic(): number {
    return this.stopsMonotonic ? super.now() : this.now()
  }

  override after(delayMs: number, task: () => void): () => void {
    const nesting = this.#nesting + 1
    const stepMs = nesting >= nestingMax ? minute : 1_000
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
    return super.after(delayMs, task)
  }

  sleep(ms: number): void {
    this.#sleptMs += ms
  }

  /** Advances timer by timer, with the promises that each of them resolves. */
  async run(ms: number): Promise<void> {
    const end = super.now() + ms
    await settle()
    for (
      let stepMs = this.delaysMs[0];
      stepMs !== undefined && super.now() + stepMs <= end;
      stepMs = this.delaysMs[0]
    ) {
      this.advance(stepMs)
      await settle()
    }
    this.advance(end - super.now())
  }
}

/** Limits of a proxy, in milliseconds: it cuts a socket after this time without a frame, or at this age in any case. */
export interface ProxyLimits {
  idleMs?: number
  ageMs?: number
}

type Listener = (event: { type: string; data?: unknown }) => void

/** A cloud behind a proxy, and a page that is connected to it, all on one virtual clock and without a socket. */
export class SimulatedPage {
  readonly clock = new PageClock()
  readonly endpoints = new Map<string, EndpointEntity>()
  readonly frames: ClientFrame[] = []
  readonly statuses: string[] = []
  limits: ProxyLimits
  sockets = 0
  isOnline = true
  #onChange: (() => void) | undefined
  readonly #pushes = new Set<(frames: readonly object[]) => void>()
  #k = 0
  /** Sockets up to this number are dead, and the page has not learnt it. */
  #deadTo = 0
  readonly live

  constructor(limits: ProxyLimits = {}) {
    this.limits = limits
    const accept = () => this.#accept()
    this.live = connect({
      apiUrl: 'https://api.example.com',
      site: 'demo',
      key: 'test-key',
      clock: this.clock,
      requestTicket: async () => {
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

  /** Changes an endpoint and pushes the change to every open socket. */
  push(entity: EndpointEntity): void {
    this.endpoints.set(entity.id, entity)
    const w = this.clock.now()
    const delta = { type: 'delta', topic: 'endpoints', epoch, ks: [++this.#k], w, t: w, entities: [entity] }
    for (const push of this.#pushes) push([delta])
  }

  get openSockets(): number {
    return this.#pushes.size
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
      this.#pushes.delete(answer)
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
    const answer = (frames: readonly object[]) => {
      if (isDead() || !isOpen) return
      touch()
      clock.network(latencyMs, () => emit('message', JSON.stringify(frames)))
    }
    clock.network(2 * latencyMs, () => {
      touch()
      this.#pushes.add(answer)
      if (limits.ageMs !== undefined) clock.network(limits.ageMs, cut)
      emit('open')
    })
    return {
      listen: (type: string, listener: Listener) => listeners.push([type, listener]),
      send: (text: string) => {
        const frame = JSON.parse(text) as ClientFrame
        this.frames.push(frame)
        clock.network(latencyMs, () => answer(this.#answers(frame)))
      },
      close: end,
    }
  }

  #answers({ action, topics = [] }: ClientFrame): object[] {
    const t = this.clock.now()
    const heard = { t, lastHeard: new Date(t).toISOString(), stale: false }
    if (action === 'ping') return [{ type: 'pong', ...heard }]
    return topics.map((topic): Partial<ServerFrame> => {
      const entities = topic === 'endpoints' ? [...this.endpoints.values()] : []
      return { type: 'snapshot', protocol: 1, topic, part: 1, parts: 1, epoch, w: t, ...heard, entities } as never
    })
  }
}
