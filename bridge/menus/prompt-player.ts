import { SwitchhookError } from '../../contracts/errors.ts'
import type { Fields } from './engine.ts'
import type { Menu } from './menu.ts'
import type { MenuChannel } from './menu-channel.ts'
import { fillPrompt } from './prompt.ts'
import type { Speech } from './speech.ts'

export interface PromptPlayerOptions {
  menu: Menu
  channel: MenuChannel
  speech: Pick<Speech, 'say' | 'secondsOf'>
  /** A prompt has ended by itself. */
  onPlayed(): void
  /** A request to Asterisk, the synthesiser or a playback failed. */
  onFailed(error: unknown): void
}

interface Prompt {
  prompt: string
  fields: Fields
}

/** The prompt that is playing or about to play. */
interface CurrentPrompt {
  /** Set once Asterisk was asked to play it. */
  playbackId: string | undefined
  isStopped: boolean
}

/**
 * Plays prompts to one caller, one after the other. Asterisk always has the waiting sound queued behind the prompt, so that
 * the line is never silent, even if the bridge dies.
 */
export class PromptPlayer {
  readonly #options: PromptPlayerOptions
  /** Requests to Asterisk run one after the other. A caller adds a few per pressed key, so the queue stays short. */
  #requests: Promise<void> = Promise.resolve()
  readonly #queue: Prompt[] = []
  #current: CurrentPrompt | undefined
  #waitingSoundId: string | undefined
  #isClosed = false

  constructor(options: PromptPlayerOptions) {
    this.#options = options
  }

  /** Plays the prompt after those that were queued before it. */
  play(prompt: string, fields: Fields): void {
    this.#queue.push({ prompt, fields })
    this.#playNext()
  }

  /** Stops the current prompt and drops the queued ones. */
  stop(): void {
    const current = this.#current
    this.#queue.length = 0
    this.#current = undefined
    if (!current) return
    current.isStopped = true
    this.enqueue(async () => {
      if (current.playbackId !== undefined) await this.#options.channel.stop(current.playbackId)
      await this.#restartWaitingSoundIfIdle()
    })
  }

  /** Handles Asterisk's report that a playback of this channel has ended, by itself or because it was stopped. */
  playbackFinished(id: string, isFailed: boolean): void {
    const isWaitingSound = id === this.#waitingSoundId
    if (!isWaitingSound && id !== this.#current?.playbackId) return
    if (isFailed) {
      this.#options.onFailed(new PlaybackError('Asterisk could not play a sound'))
    } else if (isWaitingSound) {
      this.#waitingSoundId = undefined
      this.enqueue(() => this.#restartWaitingSoundIfIdle())
    } else {
      this.#promptEnded()
    }
  }

  /** Runs a request after all earlier ones; drops it if the player is closed by then. */
  enqueue(request: () => Promise<void>): void {
    this.#requests = this.#requests
      .then(() => (this.#isClosed ? undefined : request()))
      .catch((error: unknown) => this.#options.onFailed(error))
  }

  async stopWaitingSound(): Promise<void> {
    const id = this.#waitingSoundId
    this.#waitingSoundId = undefined
    if (id !== undefined) await this.#options.channel.stop(id)
  }

  /** Drops all requests that have not begun. */
  close(): void {
    this.#isClosed = true
  }

  #promptEnded(): void {
    this.#current = undefined
    this.#playNext()
    this.#options.onPlayed()
  }

  #playNext(): void {
    if (this.#current) return
    const next = this.#queue.shift()
    if (!next) return
    const current: CurrentPrompt = { playbackId: undefined, isStopped: false }
    this.#current = current
    this.enqueue(() => this.#playNow(next, current))
  }

  async #playNow({ prompt, fields }: Prompt, current: CurrentPrompt): Promise<void> {
    const { menu, channel, speech } = this.#options
    const parts = fillPrompt(menu, prompt, fields)
    const sounds = await Promise.all(parts.map((part) => speech.say(part, menu.language)))
    if (current.isStopped) return
    await this.stopWaitingSound()
    if (sounds.length === 0) {
      this.#promptEnded()
      return
    }
    const allSounds = [...sounds, await this.#waitingSound()]
    const seconds = await Promise.all(allSounds.map((sound) => speech.secondsOf(sound)))
    await channel.setTimeLimit(seconds.reduce((sum, one) => sum + one, 0))
    current.playbackId = channel.nextPlaybackId()
    await channel.play(current.playbackId, sounds)
    await this.#queueWaitingSound()
  }

  async #restartWaitingSoundIfIdle(): Promise<void> {
    if (this.#current) return
    await this.stopWaitingSound()
    const { channel, speech } = this.#options
    await channel.setTimeLimit(await speech.secondsOf(await this.#waitingSound()))
    await this.#queueWaitingSound()
  }

  /** Asterisk starts it after the current prompt, even if this process has died by then. */
  async #queueWaitingSound(): Promise<void> {
    const { channel } = this.#options
    this.#waitingSoundId = channel.nextPlaybackId()
    await channel.play(this.#waitingSoundId, [await this.#waitingSound()])
  }

  #waitingSound(): Promise<string> {
    const { menu, speech } = this.#options
    return speech.say({ sound: 'waiting' }, menu.language)
  }
}

/** The sound file is missing, or Asterisk cannot read it. */
class PlaybackError extends SwitchhookError {
  readonly errorId = 'playback-failed'
}
