import type { AriRequests } from '../asterisk/ari-connection.ts'
import { AriRefusedError } from '../asterisk/ari-errors.ts'

/**
 * Added to the duration of the sounds that play. After that time Asterisk itself takes the caller out of the menu and
 * continues at `T` in the dial plan, so that a dead or hanging bridge leaves no caller in silence.
 */
const slackSeconds = 1.8
/** Playback ids are reused in rotation, so that a restarted bridge knows the ids of all playbacks it may have to stop. */
const playbackIds = 8
/** One retry is enough in practice: a playback starts within microseconds, a request takes milliseconds. */
const stopRetriesMax = 3

/** The ARI requests for one caller's channel. Each throws AriRefusedError or AriUnreachableError. */
export class MenuChannel {
  readonly id: string
  readonly #requests: AriRequests
  readonly #signal: AbortSignal
  #played = 0

  constructor(id: string, requests: AriRequests, signal: AbortSignal) {
    this.id = id
    this.#requests = requests
    this.#signal = signal
  }

  nextPlaybackId(): string {
    const id = this.#playbackId(this.#played % playbackIds)
    this.#played += 1
    return id
  }

  /** Queues sounds behind the current playback. `sounds` are absolute paths without file extension. */
  async play(playback: string, sounds: readonly string[]): Promise<void> {
    const media = sounds.map((path) => `sound:${path}`)
    await this.#requests.post(`/channels/${encodeURIComponent(this.id)}/play/${playback}`, { media }, this.#signal)
  }

  /**
   * Stops a playback; does nothing if it has already ended. Asterisk answers 500 for a playback that is just starting: it
   * counts as playing some microseconds before it can be stopped, so the request is retried.
   */
  async stop(playback: string): Promise<void> {
    for (let retries = stopRetriesMax; ; retries--) {
      try {
        await this.#requests.delete(`/playbacks/${playback}`, this.#signal)
        return
      } catch (error) {
        const isStarting = error instanceof AriRefusedError && error.status === 500
        if (!isStarting || retries === 0) return ignoreNotFound(error)
      }
    }
  }

  /** Stops every playback that this or an earlier process may have started on the channel. */
  async stopAll(): Promise<void> {
    await Promise.all(Array.from({ length: playbackIds }, (_, n) => this.stop(this.#playbackId(n))))
  }

  /**
   * Limits the caller's time in the menu to the duration of the next sounds, plus slack. Call it only while nothing plays:
   * Asterisk would wait for the end of the playback.
   */
  async setTimeLimit(seconds: number): Promise<void> {
    await this.#setAbsoluteTimeout(seconds + slackSeconds)
  }

  async #setAbsoluteTimeout(seconds: number): Promise<void> {
    const body = { variable: 'TIMEOUT(absolute)', value: seconds.toFixed(1) }
    await this.#requests.post(`/channels/${encodeURIComponent(this.id)}/variable`, body, this.#signal)
  }

  /** Removes the time limit and continues in the dial plan. Call it only while nothing plays. */
  async continueInDialPlan(context: string, extension: string): Promise<void> {
    await this.#setAbsoluteTimeout(0)
    const body = { context, extension, priority: 1 }
    await this.#requests.post(`/channels/${encodeURIComponent(this.id)}/continue`, body, this.#signal)
  }

  async hangUp(): Promise<void> {
    await this.#requests.delete(`/channels/${encodeURIComponent(this.id)}`, this.#signal).catch(ignoreNotFound)
  }

  #playbackId(n: number): string {
    return `menu-${this.id}-${n}`
  }
}

/** Whether the channel no longer exists (404) or has left the Stasis application (409). */
export function isGone(error: unknown): boolean {
  return error instanceof AriRefusedError && (error.status === 404 || error.status === 409)
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof AriRefusedError && error.status === 404)) throw error
}
