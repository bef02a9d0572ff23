import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { type Effect, type MenuEvent, type MenuState, type Step, startMenu, step, type Timer } from './engine.ts'
import type { GradeLookup } from './grade-lookup.ts'
import type { Menu } from './menu.ts'
import { isGone, type MenuChannel } from './menu-channel.ts'
import { PromptPlayer } from './prompt-player.ts'
import type { Speech } from './speech.ts'

export interface MenuDependencies {
  speech: Pick<Speech, 'say' | 'secondsOf'>
  lookUp: GradeLookup
  log: Log
  counters: Counters
}

/** The dial plan's context that continues a call when its menu fails. */
export const fallbackContext = 'menu-fallback'

/** One caller in a menu: passes events to the engine and performs its effects. Never logs a digit or a field. */
export class MenuCall {
  readonly #menu: Menu
  readonly #channel: MenuChannel
  readonly #caller: string
  readonly #dependencies: MenuDependencies
  readonly #onEnd: () => void
  readonly #startedMs = performance.now()
  readonly #timers = new Map<Timer, NodeJS.Timeout>()
  readonly #player: PromptPlayer
  #state: MenuState
  #isOver = false

  constructor(
    call: { menu: Menu; channel: MenuChannel; caller: string },
    dependencies: MenuDependencies,
    onEnd: () => void,
  ) {
    this.#menu = call.menu
    this.#channel = call.channel
    this.#caller = call.caller
    this.#dependencies = dependencies
    this.#onEnd = onEnd
    this.#state = startMenu(call.menu).state
    this.#player = new PromptPlayer({
      menu: call.menu,
      channel: call.channel,
      speech: dependencies.speech,
      onPlayed: () => this.handle({ type: 'played' }),
      onFailed: (error) => this.#fail(error),
    })
  }

  /** `isAdopted`: an earlier connection of the bridge had this caller, and its sounds may still play. */
  start({ isAdopted }: { isAdopted: boolean }): void {
    if (isAdopted) this.#player.enqueue(() => this.#channel.stopAll())
    this.#perform(startMenu(this.#menu))
  }

  handle(event: MenuEvent): void {
    if (!this.#isOver) this.#perform(step(this.#menu, this.#state, event))
  }

  playbackFinished(id: string, isFailed: boolean): void {
    this.#player.playbackFinished(id, isFailed)
  }

  /** Ends the call's menu without touching the channel: the caller left, or another connection takes over. */
  end(outcome: string): void {
    if (this.#isOver) return
    this.#close()
    this.#logEnd(outcome)
  }

  #close(): void {
    this.#isOver = true
    this.#player.close()
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#onEnd()
  }

  #logEnd(outcome: string): void {
    const ms = Math.round(performance.now() - this.#startedMs)
    this.#dependencies.log.info('menu ended', { menu: this.#menu.extension, outcome, node: this.#state.node, ms })
  }

  #perform({ state, effects }: Step): void {
    this.#state = state
    for (const effect of effects) this.#performEffect(effect)
  }

  #performEffect(effect: Effect): void {
    switch (effect.type) {
      case 'play':
        this.#player.play(effect.prompt, effect.fields)
        break
      case 'stop':
        this.#player.stop()
        break
      case 'set':
        this.#setTimer(effect.timer, effect.ms)
        break
      case 'clear':
        clearTimeout(this.#timers.get(effect.timer))
        break
      case 'look-up':
        this.#lookUp(effect.matricule, effect.pin)
        break
      case 'dial':
        this.#leave('dialled', () => this.#channel.continueInDialPlan(effect.context, effect.extension))
        break
      case 'hang-up':
        this.#leave('done', () => this.#channel.hangUp())
        break
    }
  }

  #setTimer(timer: Timer, ms: number): void {
    clearTimeout(this.#timers.get(timer))
    const timeout = setTimeout(() => this.handle({ type: 'timer', timer }), ms)
    this.#timers.set(timer, timeout)
  }

  #lookUp(matricule: string, pin: string | undefined): void {
    this.#dependencies.lookUp({ matricule, caller: this.#caller, pin: pin || undefined }).then(
      (outcome) => this.handle({ type: 'looked-up', outcome }),
      (error: unknown) => this.#fail(error),
    )
  }

  #leave(outcome: string, request: () => Promise<void>): void {
    this.#player.enqueue(async () => {
      this.end(outcome)
      await this.#player.stopWaitingSound()
      await request()
    })
  }

  /** Sends the caller to the dial plan's fallback, which announces the failure with Asterisk's own sounds. */
  #fail(error: unknown): void {
    if (this.#isOver) return
    this.#close()
    this.#fallBack(error).catch((cause: unknown) => {
      // A request also fails if the caller hangs up at that moment.
      if (isGone(cause)) return this.#logEnd('hung up')
      // Asterisk's time limit takes the caller out of the menu.
      const reason = describeError(cause)
      this.#dependencies.log.warn('leaving the menu failed', { menu: this.#menu.extension, reason })
    })
  }

  async #fallBack(error: unknown): Promise<void> {
    const menu = this.#menu.extension
    await this.#channel.stopAll()
    await this.#channel.continueInDialPlan(fallbackContext, menu)
    this.#dependencies.counters.add('menu-failed')
    this.#dependencies.log.warn('menu failed', { menu, reason: describeError(error) })
    this.#logEnd('failed')
  }
}
