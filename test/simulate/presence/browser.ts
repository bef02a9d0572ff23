import { type Change, connect, type Live } from '../../../client/index.ts'
import type { SocketLike } from '../../../client/live-socket.ts'
import type { Chance } from './chance.ts'
import type { SimCloud } from './cloud.ts'
import type { Faults } from './faults.ts'
import { site } from './pbx.ts'
import type { Time } from './time.ts'

type Listener = (event: { type: string; data?: unknown }) => void

/** The published client on a network that loses connections. Checks each change that the client shows. */
export class SimBrowser {
  readonly live: Live
  readonly violations: string[] = []
  /** Epochs of the resets that the client reported. */
  readonly resets: number[] = []
  resubscriptions = 0
  readonly #sockets = new Set<SimSocket>()
  readonly #shown = new Map<string, { v: string; r: number }>()

  constructor(name: string, parts: SimDependencies) {
    const { time, faults, chance } = parts
    const sockets = this.#sockets
    const onAsk = (text: string) => {
      if (text.includes('"subscribe"')) this.resubscriptions += 1
    }
    class Socket extends SimSocket {
      constructor(_url: string) {
        super(parts, sockets, onAsk)
      }
    }
    const fetcher = async () => {
      await time.wait(chance.between(5, 60))
      if (faults.strikes('ticket refused', 0.05)) throw new Error('no network')
      const body = { ticket: 't', socketUrl: 'ws://cloud/live', expiresAt: '' }
      return { ok: true, status: 201, headers: new Headers(), json: async () => body } as Response
    }
    this.live = connect({
      apiUrl: 'http://cloud',
      site,
      key: name,
      clock: time,
      WebSocket: Socket,
      fetch: fetcher,
      environment: { isVisible: () => true, isOnline: () => true, watch: () => undefined },
    })
    this.live.on('change', (changes) => {
      for (const change of changes) this.#check(change)
    })
    this.live.on('reset', (epoch) => this.resets.push(epoch))
  }

  /** The network loses the sockets. If `isNoticed` is false, the client does not get the close event. */
  drop(isNoticed: boolean): void {
    for (const socket of this.#sockets) socket.cut(isNoticed)
  }

  #check({ kind, id, entity, topic }: Change): void {
    if (!entity) return
    const known = this.#shown.get(`${topic} ${id}`)
    const isBack = known && (entity.v < known.v || (entity.v === known.v && entity.r < known.r))
    if (isBack) this.violations.push(`${id} moved back from ${known.v}.${known.r} to ${entity.v}.${entity.r}, ${kind}`)
    this.#shown.set(`${topic} ${id}`, { v: entity.v, r: entity.r })
  }
}

interface SimDependencies {
  time: Time
  chance: Chance
  faults: Faults
  cloud: SimCloud
}

class SimSocket implements SocketLike {
  readonly #listeners = new Map<string, Listener[]>()
  readonly #parts: SimDependencies
  readonly #all: Set<SimSocket>
  readonly #onAsk: (text: string) => void
  #id: string | undefined
  #isCut = false

  constructor(parts: SimDependencies, all: Set<SimSocket>, onAsk: (text: string) => void) {
    this.#parts = parts
    this.#all = all
    this.#onAsk = onAsk
    all.add(this)
    const connection = { deliver: (frame: string) => this.#take(frame) }
    parts.cloud.open(connection, (id) => {
      this.#id = id
      if (this.#isCut) parts.cloud.close(id, false)
      else parts.time.after(parts.chance.between(1, 30), () => this.#emit('open'))
    })
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }

  send(text: string): void {
    this.#onAsk(text)
    this.#parts.time.after(this.#parts.faults.networkMs(), () => {
      if (this.#id && !this.#isCut) this.#parts.cloud.message(this.#id, text)
    })
  }

  close(): void {
    this.#end(true)
  }

  cut(isNoticed: boolean): void {
    this.#end(isNoticed)
    if (isNoticed) this.#parts.time.after(1, () => this.#emit('close'))
  }

  #end(isReported: boolean): void {
    this.#isCut = true
    this.#all.delete(this)
    if (this.#id) this.#parts.cloud.close(this.#id, isReported && !this.#parts.faults.strikes('disconnect untold', 0.3))
  }

  #take(frame: string): void {
    if (this.#isCut) return
    // Without counts and digests the client cannot request what it missed, so the cloud alone has to keep it right.
    const data = this.#parts.faults.losesPosts
      ? frame
      : frame.replaceAll(/"ks":\[[\d,]*\]/g, '"ks":[]').replace('"digests"', '"x"')
    this.#emit('message', data)
  }

  #emit(type: string, data?: unknown): void {
    if (this.#isCut && type !== 'close') return
    for (const listener of this.#listeners.get(type) ?? []) listener({ type, data })
  }
}
