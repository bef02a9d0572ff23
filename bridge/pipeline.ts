import { join } from 'node:path'
import type { SiteId } from '../contracts/names.ts'
import type { Delivery, Destination } from './forward/delivery.ts'
import { Lanes } from './forward/lanes.ts'
import type { LateFact } from './forward/late-facts.ts'
import type { Packer } from './forward/pack.ts'
import { utc } from './normalise/ari-objects.ts'
import type { AriEvent } from './normalise/events.ts'
import { PbxState } from './normalise/pbx-state.ts'
import { type Publication, Stamp } from './normalise/stamp.ts'
import type { Clock } from './operate/clock.ts'
import type { Counters } from './operate/counters.ts'
import type { Log } from './operate/log.ts'
import type { CounterId } from './operate/metrics/counter-catalogue.ts'
import type { Durations } from './operate/metrics/durations.ts'
import type { Disk } from './spool/disk.ts'
import type { Quarantine } from './spool/quarantine.ts'
import { Spool } from './spool/spool.ts'

/*
 * The way of an event through the bridge. Each stage takes a value and returns one:
 *
 *   frame              asterisk/ari-socket.ts receives it
 *   -> event           asterisk/intake.ts, normalise/frames.ts
 *   -> facts           normalise/pbx-state.ts: endpoints.ts, or calls.ts and placed-calls.ts
 *   -> stamped fact    normalise/stamp.ts
 *   -> spool record    spool/spool.ts, segment-writer.ts
 *   -> live lane       forward/live-lane.ts
 *   -> packed body     forward/pack.ts
 *   -> SQS             forward/delivery.ts, sender.ts
 *
 * Frame to spool record takes one turn of the event loop, so events stay in order without a lock. The spool then makes all
 * waiting records durable with one fdatasync, and the live lane sends them in one call to SQS.
 */

/** The longest event and its record's header: this much must be free before a fact gets its place in the order. */
const roomBytes = 1_048_576 + 16
/** A spool that was full counts as having room again only with space for some hundred facts more. */
const roomAgainBytes = roomBytes + 65_536

export interface PipelineStages {
  site: SiteId
  state: PbxState
  spool: Pick<Spool, 'append' | 'hasRoom'>
  counters: Counters
  durations?: Durations | undefined
  nowMs(): number
}

/** From an event of Asterisk to a spool record. */
export class Pipeline {
  readonly #stages: PipelineStages
  #stamp: Stamp | undefined
  #dropped: { sinceMs: number; count: number } | undefined
  /** Formatting a time costs as much as finding that an event changes nothing, and many events share a millisecond. */
  #time = { ms: Number.NaN, text: '' }

  constructor(stages: PipelineStages) {
    this.#stages = stages
  }

  /**
   * Publishes what an event changed, at the time it arrives: a socket that the bridge opened delivers nothing old, and a PBX
   * whose clock is wrong must still be live.
   */
  readonly onEvent = (event: AriEvent): void => {
    const { durations } = this.#stages
    const startMs = durations?.start() ?? 0
    this.#publishChanges(event, this.now())
    durations?.end('reduce', startMs)
    durations?.endFrom('asterisk', Date.parse(utc(event.timestamp, '')))
  }

  /**
   * Publishes what an event changed that Asterisk kept while there was no connection: under the old epoch, at its own time. `asKnown`
   * returns a fact as it may be published now.
   */
  onReplayedEvent(event: AriEvent, asKnown: (fact: Publication) => Publication): void {
    if (this.hasEpoch) this.#publishChanges(event, utc(event.timestamp, this.now()), asKnown)
  }

  /** Event -> facts. */
  #publishChanges(event: AriEvent, time: string, asKnown = (fact: Publication) => fact): void {
    for (const fact of this.#stages.state.apply(event, time)) this.publish(asKnown(fact), time)
  }

  /**
   * Fact -> stamped fact -> spool record. Returns false if the spool is full: the fact is dropped without a number, so that
   * numbers stay consecutive.
   */
  publish(publication: Publication, time = this.now()): boolean {
    const { spool, counters } = this.#stages
    const stamp = this.#currentStamp()
    if (!spool.hasRoom(roomBytes)) {
      this.#dropped ??= { sinceMs: this.#stages.nowMs(), count: 0 }
      this.#dropped.count += 1
      counters.add('spool-full')
      return false
    }
    const stamped = stamp.event(publication, time)
    spool.append(Buffer.from(JSON.stringify(stamped)))
    return true
  }

  /** Stamped and encoded, for a line that goes to the cloud without the spool. */
  encodeUnspooled(publication: Publication): string {
    return JSON.stringify(this.#currentStamp().event(publication, this.now()))
  }

  #currentStamp(): Stamp {
    if (!this.#stamp) throw new Error('a fact was published before the first epoch')
    return this.#stamp
  }

  /** Facts from here on are numbered under a new epoch. */
  beginEpoch(epoch: number): void {
    this.#stamp = new Stamp(this.#stages.site, epoch)
  }

  get hasEpoch(): boolean {
    return this.#stamp !== undefined
  }

  /** Returns since when facts were dropped, and how many, once the spool has room again; the next call starts over. */
  takeDropped(): { sinceMs: number; count: number } | undefined {
    if (!this.#dropped || !this.#stages.spool.hasRoom(roomAgainBytes)) return undefined
    const dropped = this.#dropped
    this.#dropped = undefined
    return dropped
  }

  /** The time now, as facts carry it. */
  now(): string {
    const ms = this.#stages.nowMs()
    if (this.#time.ms !== ms) this.#time = { ms, text: new Date(ms).toISOString() }
    return this.#time.text
  }
}

export interface PipelineDependencies {
  site: SiteId
  stateFolder: string
  disk: Disk
  clock: Clock
  counters: Counters
  log: Log
  durations?: Durations
  quarantine: Quarantine
  packer: Packer
  delivery: Delivery
  live: Destination
  records: Destination
  spoolBytesMax?: number
  heartbeat(): string | undefined
  onLateFactsSent(facts: readonly LateFact[], isEverything: boolean): void
  onSpoolBroken(error: unknown): void
}

export interface OpenPipeline {
  state: PbxState
  pipeline: Pipeline
  spool: Spool
  lanes: Lanes
}

/** Opens the spool, quarantines what is damaged in it, and connects the stages in their order. */
export async function openPipeline(dependencies: PipelineDependencies): Promise<OpenPipeline> {
  const { site, clock, counters, durations, log, quarantine, spoolBytesMax } = dependencies
  const onCount = (id: CounterId, count?: number) => counters.add(id, count)
  const state = new PbxState()
  const spool = new Spool({
    folder: join(dependencies.stateFolder, 'spool'),
    disk: dependencies.disk,
    clock,
    ...(spoolBytesMax !== undefined && { bytesMax: spoolBytesMax }),
    ...(durations && { durations }),
    onDurable: (records) => lanes.live.offer(records),
    onBroken: dependencies.onSpoolBroken,
    onCount,
  })
  const pipeline = new Pipeline({ site, state, spool, counters, durations, nowMs: clock.nowMs })
  const recovered = await spool.open()
  const lanes: Lanes = new Lanes({ ...dependencies, spool, onCount }, recovered)
  for (const bytes of recovered.damaged) await quarantine.put('spool', bytes)
  if (recovered.damaged.length > 0) counters.add('spool-damaged', recovered.damaged.length)
  if (recovered.tornBytes > 0) counters.add('spool-torn')
  log.info('spool open', { unsent: recovered.next - recovered.acked, tornBytes: recovered.tornBytes })
  return { state, pipeline, spool, lanes }
}
