import * as v from 'valibot'
import type { AriEvent } from '../../../bridge/normalise/events.ts'
import { PbxState } from '../../../bridge/normalise/pbx-state.ts'
import { Counters } from '../../../bridge/operate/counters.ts'
import { Pipeline } from '../../../bridge/pipeline.ts'
import { Presence } from '../../../bridge/presence.ts'
import { BridgeEvent } from '../../../contracts/events.ts'
import { freshMsMax } from '../../../contracts/limits.ts'
import type { Chance } from './chance.ts'
import { type SimPbx, site } from './pbx.ts'
import type { Plant } from './plants.ts'
import type { Time } from './time.ts'

const paceMs = 100

const heartbeatMs = 10_000
const lateBatch = 40

interface Spooled {
  event: BridgeEvent
  line: string
}

/**
 * Runs the bridge's own presence, pipeline and reducer over a model of its spool and lanes. Spooled facts survive a kill,
 * facts older than 30 s go by the queue `records`, and the bridge republishes their entities once the last one is sent.
 */
export class SimBridge {
  isUplinkUp = true
  readonly #time: Time
  /** Time by the clock of the PBX's host, which may be minutes wrong. */
  readonly #hostMs: () => number
  readonly #chance: Chance
  readonly #pbx: SimPbx
  readonly #plant: Plant | undefined
  readonly #send: (events: BridgeEvent[]) => void
  #spool: Spooled[] = []
  #late: Spooled[] = []
  #touched = new Map<string, Spooled>()
  #savedEpoch = 0
  #lastSeenMs: number | undefined
  #presence: Presence | undefined
  #pipeline: Pipeline | undefined
  #run = 0
  #lastSentMs = 0
  #connections = 0
  epochs = 0

  constructor(
    parts: { time: Time; chance: Chance; pbx: SimPbx; plant: Plant | undefined },
    send: (events: BridgeEvent[]) => void,
  ) {
    this.#time = parts.time
    this.#hostMs = parts.pbx.hostMs
    this.#chance = parts.chance
    this.#pbx = parts.pbx
    this.#plant = parts.plant
    this.#send = send
  }

  start(): void {
    const run = ++this.#run
    // Facts of an earlier process count as late.
    this.#late.push(...this.#spool.splice(0))
    const spool = {
      append: (bytes: Buffer) => {
        const line = bytes.toString()
        this.#spool.push({ line, event: v.parse(BridgeEvent, JSON.parse(line)) })
        return 0
      },
      hasRoom: () => true,
    }
    const state = new PbxState()
    const counters = new Counters()
    const pipeline = new Pipeline({ site, state, spool, counters, nowMs: this.#hostMs })
    this.#pipeline = pipeline
    this.#presence = new Presence({
      run: `run-${run}`,
      state,
      pipeline,
      counters,
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      takeEpoch: async () => this.#takeEpoch(),
      lastSeenMs: this.#lastSeenMs,
      nowMs: this.#hostMs,
      monotonicMs: this.#time.now,
    })
    this.connect(undefined)
    this.#pump(run)
    this.#tick(run)
  }

  /** `kill -9`: only the spool survives. */
  kill(): void {
    this.disconnect()
    this.#presence = undefined
    this.#touched.clear()
    this.#run += 1
  }

  loseState(): void {
    this.#savedEpoch = 0
    this.#lastSeenMs = undefined
    this.#spool = []
    this.#late = []
  }

  disconnect(): void {
    this.#pbx.listener = undefined
    this.#connections += 1
    this.#lastSeenMs = this.#hostMs()
    this.#presence?.disconnected(this.#hostMs())
  }

  connect(reason: string | undefined): void {
    const presence = this.#presence
    if (!presence || presence.isConnected) return
    const buffered: AriEvent[] = []
    this.#pbx.listener = (event) => {
      if (presence !== this.#presence) return
      if (presence.isConnected) this.#pipeline?.onEvent(event)
      else buffered.push(event)
    }
    const snapshot = this.#pbx.snapshot()
    const connection = ++this.#connections
    this.#time.after(this.#chance.between(1, 400), () => {
      // If the connection was lost during the read, the next connection reads again.
      if (presence === this.#presence && connection === this.#connections)
        void presence.connected(snapshot, () => buffered, reason)
    })
  }

  #takeEpoch(): number {
    const clock = this.#plant === 'epoch-from-counter' ? 0 : Math.floor(this.#hostMs() / 1000)
    this.#savedEpoch = Math.max(this.#savedEpoch + 1, clock)
    this.epochs += 1
    return this.#savedEpoch
  }

  #pump(run: number): void {
    this.#time.after(paceMs, () => {
      if (run !== this.#run) return
      if (this.isUplinkUp) this.#sendSome()
      this.#pump(run)
    })
  }

  #sendSome(): void {
    const now = this.#hostMs()
    const isLate = ({ event }: Spooled) => now - Date.parse(event.time) > freshMsMax
    this.#late.push(...this.#spool.filter(isLate))
    const fresh = this.#spool.filter((one) => !isLate(one))
    this.#spool = []
    if (fresh.length > 0) this.#sendLive(fresh.map(({ event }) => event))
    else if (now - this.#lastSentMs >= heartbeatMs) this.#heartbeat()
    if (this.#late.length > 0) this.#sendLate()
  }

  #sendLive(events: BridgeEvent[]): void {
    this.#lastSentMs = this.#hostMs()
    this.#send(events)
  }

  #heartbeat(): void {
    const line = this.#presence?.heartbeat()
    if (line !== undefined) this.#sendLive([v.parse(BridgeEvent, JSON.parse(line))])
  }

  /** Sends late facts by the queue `records`, which never changes live state. */
  #sendLate(): void {
    const batch = this.#late.splice(0, lateBatch)
    if (this.#plant === 'late-made-live') this.#send(batch.map(({ event }) => event))
    for (const one of batch) this.#touched.set(`${one.event.type} ${one.event.subject}`, one)
    if (this.#late.length > 0 || !this.#presence?.isConnected) return
    const touched = [...this.#touched.values()].map(({ event, line }) => ({
      type: event.type,
      subject: event.subject,
      line,
    }))
    this.#touched.clear()
    this.#presence.republish(touched)
  }

  #tick(run: number): void {
    this.#time.after(2_000, () => {
      if (run !== this.#run) return
      void this.#presence?.tick()
      this.#tick(run)
    })
  }
}
