import type { AriEvent } from '../normalise/events.ts'

/** Events of a resynchronisation: 5 s of the fastest Asterisk measured, 4,600 a second. */
const eventsMax = 25_000
/** Twice what so many usual events have; limits memory if each has a text of megabytes. */
const bytesMax = 64 * 1024 * 1024

export interface BufferedEvent {
  event: AriEvent
  /** Of its frame. */
  bytes: number
}

/** Keeps the events that arrive while the state of the PBX is being read. */
export class EventBuffer {
  #held: BufferedEvent[] = []
  #bytes = 0

  push(event: AriEvent, bytes: number): void {
    this.#held.push({ event, bytes })
    this.#bytes += bytes
  }

  get isFull(): boolean {
    return this.#held.length > eventsMax || this.#bytes > bytesMax
  }

  dropOlderHalf(): void {
    this.#held = this.#held.slice(Math.ceil(this.#held.length / 2))
    this.#bytes = this.#held.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  events(): AriEvent[] {
    return this.#held.map(({ event }) => event)
  }
}
