/** How long the channels of a call were parked, in which time nobody talks. */
export class Parking {
  /** Channels that are parked now, and since when, Unix milliseconds. */
  readonly #since = new Map<string, number>()
  #ms = 0

  get seconds(): number {
    return Math.round(this.#ms / 1000)
  }

  enter(channel: string, at: string): void {
    if (!this.#since.has(channel)) this.#since.set(channel, Date.parse(at))
  }

  /** @param spokeAt when the call was answered: parking before that is waiting. Absent if nobody answered yet */
  leave(channel: string, at: string, spokeAt: string | undefined): void {
    const since = this.#since.get(channel)
    if (since === undefined) return
    this.#since.delete(channel)
    if (spokeAt !== undefined) this.#ms += Math.max(0, Date.parse(at) - Math.max(since, Date.parse(spokeAt)))
  }

  /** Takes over what is known of the channels of a call that became part of this one, or of an earlier connection. */
  add(other: Parking): void {
    for (const [channel, since] of other.#since) this.#since.set(channel, since)
    this.#ms += other.#ms
  }
}
