import type { AriRequests } from '../asterisk/ari-connection.ts'
import { AriRefusedError } from '../asterisk/ari-errors.ts'

/**
 * What is to be heard may take this much longer than it lasts. After that Asterisk by itself takes the caller out of the
 * menu and goes on in the dial plan, at `T`: a bridge that is dead, or hangs, leaves nobody in silence.
 */
const slackSeconds = 1.8
/** Playbacks of one channel in turn, so that a bridge started anew knows the names of those it has to stop. */
const playbackIds = 8
/** A request takes a thousand times as long as a playback's beginning. */
const stopsAgain = 3

/** What a menu does to its caller's channel, over ARI. Each throws AriRefusedError or AriUnreachableError. */
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

  /** Plays sounds, absolute paths without an ending, after what is playing. */
  async play(playback: string, sounds: readonly string[]): Promise<void> {
    const media = sounds.map((path) => `sound:${path}`)
    await this.#requests.post(`/channels/${encodeURIComponent(this.id)}/play/${playback}`, { media }, this.#signal)
  }

  /**
   * Of a playback that has just ended by itself nothing is left to stop. One that begins at this very moment Asterisk refuses
   * with 500: it counts as playing some microseconds before it can be stopped.
   */
  async stop(playback: string): Promise<void> {
    for (let again = stopsAgain; ; again--) {
      try {
        await this.#requests.delete(`/playbacks/${playback}`, this.#signal)
        return
      } catch (error) {
        if (!(error instanceof AriRefusedError && error.status === 500) || again === 0) return unlessGone(error)
      }
    }
  }

  /** Whatever an earlier process of the bridge had begun. */
  async stopAll(): Promise<void> {
    await Promise.all(Array.from({ length: playbackIds }, (_, n) => this.stop(this.#playbackId(n))))
  }

  /** What will be heard from now on takes so many seconds. Nothing may be playing: Asterisk would wait for its end. */
  async expect(seconds: number): Promise<void> {
    await this.#limit(seconds + slackSeconds)
  }

  async #limit(seconds: number): Promise<void> {
    const body = { variable: 'TIMEOUT(absolute)', value: seconds.toFixed(1) }
    await this.#requests.post(`/channels/${encodeURIComponent(this.id)}/variable`, body, this.#signal)
  }

  /** Leaves the menu without a time limit. Here too nothing may be playing. */
  async continueInDialPlan(context: string, extension: string): Promise<void> {
    await this.#limit(0)
    const body = { context, extension, priority: 1 }
    await this.#requests.post(`/channels/${encodeURIComponent(this.id)}/continue`, body, this.#signal)
  }

  async hangUp(): Promise<void> {
    await this.#requests.delete(`/channels/${encodeURIComponent(this.id)}`, this.#signal).catch(unlessGone)
  }

  #playbackId(n: number): string {
    return `menu-${this.id}-${n}`
  }
}

/** The channel is not there, or not in a menu any more. */
export function isGone(error: unknown): boolean {
  return error instanceof AriRefusedError && (error.status === 404 || error.status === 409)
}

function unlessGone(error: unknown): void {
  if (!(error instanceof AriRefusedError && error.status === 404)) throw error
}
