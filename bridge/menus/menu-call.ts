import { SwitchhookError } from '../../contracts/errors.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import {
  type Effect,
  type Fields,
  type MenuEvent,
  type MenuState,
  type Step,
  startMenu,
  step,
  type Timer,
} from './engine.ts'
import type { GradeLookup } from './grade-lookup.ts'
import type { Menu } from './menu.ts'
import { isGone, type MenuChannel } from './menu-channel.ts'
import { fillPrompt } from './prompt.ts'
import type { Speech } from './speech.ts'

export interface MenuDependencies {
  speech: Pick<Speech, 'say' | 'secondsOf'>
  lookUp: GradeLookup
  log: Log
  counters: Counters
}
/** Where the dial plan takes over from a menu that cannot go on. */
export const fallbackContext = 'menu-fallback'

/**
 * One caller in a menu: tells the engine what happens and does what it says. Behind every prompt Asterisk has the sound of
 * waiting, so that a line is never silent, whatever becomes of bridge and cloud. No digit and no field is ever logged.
 */
export class MenuCall {
  readonly #menu: Menu
  readonly #channel: MenuChannel
  readonly #caller: string
  readonly #means: MenuDependencies
  readonly #onEnd: () => void
  readonly #startedMs = performance.now()
  readonly #timers = new Map<Timer, NodeJS.Timeout>()
  /** One request to Asterisk after another; a caller's digits add a few each, as fast as a hand can press. */
  #work: Promise<void> = Promise.resolve()
  #state: MenuState
  readonly #prompts: { prompt: string; fields: Fields }[] = []
  #playing: Playing | undefined
  #waiting: string | undefined
  #isOver = false

  constructor(call: { menu: Menu; channel: MenuChannel; caller: string }, means: MenuDependencies, onEnd: () => void) {
    this.#menu = call.menu
    this.#channel = call.channel
    this.#caller = call.caller
    this.#means = means
    this.#onEnd = onEnd
    this.#state = startMenu(call.menu).state
  }

  start({ isAdopted }: { isAdopted: boolean }): void {
    this.#do(async () => {
      if (isAdopted) await this.#channel.stopAll()
    })
    this.#take(startMenu(this.#menu))
  }

  handle(event: MenuEvent): void {
    if (!this.#isOver) this.#take(step(this.#menu, this.#state, event))
  }

  /** A playback of this channel has ended, by itself or because it was stopped. */
  playbackEnded(id: string, isFailed: boolean): void {
    if (id !== this.#waiting && id !== this.#playing?.id) return
    if (isFailed) this.#fail(new PlaybackError('Asterisk could not play a sound'))
    else if (id === this.#waiting) {
      this.#waiting = undefined
      this.#do(async () => {
        if (!this.#playing) await this.#wait()
      })
    } else this.#promptEnded()
  }

  #promptEnded(): void {
    this.#playing = undefined
    this.#playNext()
    this.handle({ type: 'played' })
  }

  /** The caller is not in this menu any more, or this process is not the one that runs it. */
  end(outcome: string): void {
    if (this.#isOver) return
    this.#close()
    this.#tell(outcome)
  }

  #close(): void {
    this.#isOver = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#onEnd()
  }

  #tell(outcome: string): void {
    const ms = Math.round(performance.now() - this.#startedMs)
    this.#means.log.info('menu ended', { menu: this.#menu.extension, outcome, node: this.#state.node, ms })
  }

  #take({ state, effects }: Step): void {
    this.#state = state
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'play':
        this.#prompts.push(effect)
        this.#playNext()
        break
      case 'stop':
        this.#stop()
        break
      case 'set':
        clearTimeout(this.#timers.get(effect.timer))
        this.#timers.set(
          effect.timer,
          setTimeout(() => this.handle({ type: 'timer', timer: effect.timer }), effect.ms),
        )
        break
      case 'clear':
        clearTimeout(this.#timers.get(effect.timer))
        break
      case 'look-up':
        this.#lookUp(effect.matricule, effect.pin)
        break
      case 'dial':
        this.#leave(() => this.#channel.continueInDialPlan(effect.context, effect.extension), 'dialled')
        break
      case 'hang-up':
        this.#leave(() => this.#channel.hangUp(), 'done')
        break
    }
  }

  #playNext(): void {
    const next = this.#playing ? undefined : this.#prompts.shift()
    if (!next) return
    const playing: Playing = { id: undefined, isStopped: false }
    this.#playing = playing
    this.#do(() => this.#play(next.prompt, next.fields, playing))
  }

  async #play(prompt: string, fields: Fields, playing: Playing): Promise<void> {
    const { speech } = this.#means
    const parts = fillPrompt(this.#menu, prompt, fields)
    const sounds = await Promise.all(parts.map((part) => speech.say(part, this.#menu.language)))
    if (playing.isStopped) return
    await this.#endWaiting()
    if (sounds.length > 0) {
      const seconds = await Promise.all([...sounds, await this.#waitingSound()].map((sound) => speech.secondsOf(sound)))
      await this.#channel.expect(seconds.reduce((sum, one) => sum + one, 0))
      playing.id = this.#channel.nextPlaybackId()
      await this.#channel.play(playing.id, sounds)
      // Behind the prompt, so that it begins even if this process ends before.
      await this.#playWaiting()
    } else this.#promptEnded()
  }

  /** Begins the sound of waiting anew, where nothing else plays. */
  async #wait(): Promise<void> {
    await this.#endWaiting()
    await this.#channel.expect(await this.#means.speech.secondsOf(await this.#waitingSound()))
    await this.#playWaiting()
  }

  async #playWaiting(): Promise<void> {
    this.#waiting = this.#channel.nextPlaybackId()
    await this.#channel.play(this.#waiting, [await this.#waitingSound()])
  }

  #waitingSound(): Promise<string> {
    return this.#means.speech.say({ sound: 'waiting' }, this.#menu.language)
  }

  async #endWaiting(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) await this.#channel.stop(waiting)
  }

  #stop(): void {
    const playing = this.#playing
    this.#prompts.length = 0
    this.#playing = undefined
    if (!playing) return
    playing.isStopped = true
    this.#do(async () => {
      if (playing.id !== undefined) await this.#channel.stop(playing.id)
      if (!this.#playing) await this.#wait()
    })
  }

  #lookUp(matricule: string, pin: string | undefined): void {
    this.#means.lookUp({ matricule, caller: this.#caller, pin: pin || undefined }).then(
      (outcome) => this.handle({ type: 'looked-up', outcome }),
      (error) => this.#fail(error),
    )
  }

  #leave(request: () => Promise<void>, outcome: string): void {
    this.#do(async () => {
      this.end(outcome)
      await this.#endWaiting()
      await request()
    })
  }

  #do(request: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#isOver ? undefined : request()))
      .catch((error: unknown) => this.#fail(error))
  }

  /** The dial plan says that the service is not there, by sounds of its own. */
  #fail(error: unknown): void {
    if (this.#isOver) return
    this.#close()
    this.#fallBack(error).catch((cause: unknown) => {
      // A sound that fails may be a caller's hanging up. One whom nobody holds any more is let go by Asterisk itself.
      if (isGone(cause)) return this.#tell('hung up')
      this.#means.log.warn('menu not left', { menu: this.#menu.extension, reason: describeError(cause) })
    })
  }

  async #fallBack(error: unknown): Promise<void> {
    const menu = this.#menu.extension
    await this.#channel.stopAll()
    await this.#channel.continueInDialPlan(fallbackContext, menu)
    this.#means.counters.add('menu-failed')
    this.#means.log.warn('menu failed', { menu, reason: describeError(error) })
    this.#tell('failed')
  }
}

/** A prompt under way; its id is there once Asterisk was asked for it. */
interface Playing {
  id: string | undefined
  isStopped: boolean
}

/** A sound's file is gone or cannot be read by Asterisk. */
class PlaybackError extends SwitchhookError {
  readonly errorId = 'playback-failed'
}
