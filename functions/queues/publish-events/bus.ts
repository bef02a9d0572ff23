import type { SiteId } from '../../../contracts/names.ts'
import { type BusEntry, busBatches, busEntry, isFinalError } from '../../domain/webhooks/bus-entry.ts'
import type { StoredEvent } from '../../domain/webhooks/event.ts'
import { EventBusError } from '../../gateways/event-bus.ts'
import type { EventMessage } from '../../gateways/event-queue.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { BusSettings } from '../../stores/bus-settings.ts'

export interface BusDependencies {
  bus: { put(entries: readonly BusEntry[]): Promise<(string | undefined)[]> }
  events: {
    event(site: SiteId, id: string): Promise<StoredEvent | undefined>
    /** Stores that an event is on the bus, or will come there by the queue. */
    markOnBus(site: SiteId, id: string): Promise<void>
  }
  /** Returns undefined if there is no such site. */
  settingsOf(site: SiteId): Promise<BusSettings | undefined>
  /** Sends to the queue of this function. */
  queue(message: EventMessage, delaySeconds: number): Promise<void>
  wait(ms: number): Promise<void>
  now(): number
}

/** What EventBridge itself calls worth a retry is over in moments, or else in minutes. */
const waitsMs = [100, 500]
/** While the bus is down, no other message waits for it. */
const downMs = 10_000
/**
 * Waits between later tries; the last one repeats, so that events are tried for a day. A longer wait would raise the alarm about the
 * age of the queue, and erasures wait for messages of five minutes.
 */
const againSeconds = [60, 300]
const busTriesMax = 288

/** What a bus did not take: `again` is worth another try, `refused` is not. */
interface Left {
  again: StoredEvent[]
  refused: StoredEvent[]
}

/**
 * Puts events on a bus of EventBridge, at least once, without delaying or failing webhooks. What the bus does not take comes back by
 * the queue, for a day, and then goes to its dead-letter queue.
 */
export class BusPublisher {
  readonly #dependencies: BusDependencies
  #downUntil = 0
  constructor(dependencies: BusDependencies) {
    this.#dependencies = dependencies
  }

  /** Whether the events of a site go to the bus. Late messages of a deleted site do not. */
  async hasSite(site: SiteId): Promise<boolean> {
    return (await this.#dependencies.settingsOf(site)) !== undefined
  }

  async publish(site: SiteId, events: readonly StoredEvent[]): Promise<void> {
    const { events: stored, now } = this.#dependencies
    const isDown = now() < this.#downUntil
    const left = isDown ? { again: [...events], refused: [] } : await this.#put(site, events)
    await this.#sendBack(site, left.again, 0)
    await this.#sendBack(site, left.refused, busTriesMax)
    // After the queue has what is left: a crash before this puts events a second time and loses none.
    for (const { id } of events) await stored.markOnBus(site, id)
  }

  /**
   * Puts events that came back by the queue.
   * @throws EventBusError if the bus takes none of them and no later try is due: SQS then moves the message to its dead-letter queue
   */
  async publishAgain({ site, bus: ids = [], busTries = 0 }: EventMessage): Promise<void> {
    const found = await Promise.all(ids.map((id) => this.#dependencies.events.event(site, id)))
    const events = found.filter((event) => event !== undefined)
    const { again, refused } = await this.#put(site, events)
    const isLast = busTries >= busTriesMax
    const dead = isLast ? [...again, ...refused] : refused
    if (dead.length > 0 && dead.length === ids.length)
      throw new EventBusError(`EventBridge did not take ${dead.length} events after ${busTries} tries`)
    await this.#sendBack(site, dead, busTriesMax)
    if (!isLast) await this.#sendBack(site, again, busTries + 1)
  }

  async #sendBack(site: SiteId, events: readonly StoredEvent[], busTries: number): Promise<void> {
    const delaySeconds = againSeconds[Math.min(busTries, againSeconds.length - 1)] ?? 0
    const bus = events.map(({ id }) => id)
    if (bus.length > 0) await this.#dependencies.queue({ site, bus, busTries }, delaySeconds)
  }

  async #put(site: SiteId, events: readonly StoredEvent[]): Promise<Left> {
    const { settingsOf, wait } = this.#dependencies
    const settings = await settingsOf(site)
    if (!settings) return { again: [], refused: [] }
    let left = events.map((event) => ({ event, entry: busEntry(site, event, settings.showsPersonal) }))
    const refused: StoredEvent[] = []
    for (let tries = 0; ; tries += 1) {
      const results = await Promise.all(busBatches(left).map((batch) => this.#putBatch(site, batch)))
      refused.push(...results.flatMap((result) => result.refused.map(({ event }) => event)))
      left = results.flatMap(({ again }) => again)
      const waitMs = waitsMs[tries]
      if (left.length === 0 || waitMs === undefined) return { again: left.map(({ event }) => event), refused }
      await wait(waitMs)
    }
  }

  async #putBatch<T extends { event: StoredEvent; entry: BusEntry }>(
    site: SiteId,
    batch: T[],
  ): Promise<{ again: T[]; refused: T[] }> {
    const { bus, now } = this.#dependencies
    try {
      const errors = await bus.put(batch.map(({ entry }) => entry))
      const failed = batch.map((item, n) => ({ item, error: errors[n] })).filter(({ error }) => error !== undefined)
      if (failed.length > 0) {
        const codes = [...new Set(failed.map(({ error }) => error))].join(' ')
        logOutcome('warn', 'bus-entries-refused', { site, entries: failed.length, codes })
      }
      const [refused, again] = [true, false].map((isFinal) =>
        failed.filter(({ error = '' }) => isFinalError(error) === isFinal).map(({ item }) => item),
      )
      return { again: again ?? [], refused: refused ?? [] }
    } catch (error) {
      if (!(error instanceof EventBusError)) throw error
      this.#downUntil = now() + downMs
      logOutcome('warn', 'bus-failed', { site, error: describeError(error) })
      return { again: batch, refused: [] }
    }
  }
}
