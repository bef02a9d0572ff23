import type { PbxStatus } from '../contracts/facts.ts'

/**
 * A PBX without a connection for this long is down. A shorter break, such as a socket that Asterisk closes on a slow reader, shows
 * nobody that every phone is unknown. A dead PBX is noticed within 24 s, when it hangs, and must be published within 30 s.
 */
const graceMs = 3_000

/** Whether the bridge has a connection to its PBX, and what subscribers know of that. */
export class PbxLink {
  readonly #monotonicMs: () => number
  #isConnected = false
  #lost: { atMs: number; lastSeenMs: number } | undefined
  #status: PbxStatus | undefined

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  /** What subscribers know; `undefined` before the first connection. */
  get status(): PbxStatus | undefined {
    return this.#status
  }

  get isDown(): boolean {
    return this.#status?.state === 'down'
  }

  /** `now` is RFC 3339. */
  connected(now: string): void {
    this.#isConnected = true
    this.#lost = undefined
    if (this.#status?.state !== 'up') this.#status = { state: 'up', since: now }
  }

  /** `lastSeenMs`, Unix milliseconds, is when the PBX last sent anything. */
  disconnected(lastSeenMs: number): void {
    if (this.#isConnected) this.#lost = { atMs: this.#monotonicMs(), lastSeenMs }
    this.#isConnected = false
  }

  /** The PBX was not reached since the start of this process: it is down since `lastSeenMs`, Unix milliseconds. */
  notReached(lastSeenMs: number): void {
    this.#status = { state: 'down', since: new Date(lastSeenMs).toISOString() }
  }

  /** True once in each loss that is longer than a break: from then on the PBX is down. */
  takeLoss(): boolean {
    if (!this.#lost || this.isDown || this.#monotonicMs() - this.#lost.atMs < graceMs) return false
    this.#status = { state: 'down', since: new Date(this.#lost.lastSeenMs).toISOString() }
    return true
  }
}
