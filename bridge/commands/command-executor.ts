import type { Command, HangUpCommand, PaceCommand, PlaceCommand, SetCommand } from '../../contracts/commands.ts'
import type { PlacedResult } from '../../contracts/placed.ts'
import { AriRefusedError, AriUnreachableError } from '../asterisk/ari-errors.ts'
import type { AriRest } from '../asterisk/ari-rest.ts'
import type { DialPlan } from '../asterisk/dial-plan.ts'
import type { PlacedCalls } from '../normalise/placed-calls.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import type { Journal } from './journal.ts'
import type { VerifyDays } from './verify-day.ts'

export interface CommandExecutorDependencies {
  ari: Pick<AriRest, 'get' | 'post' | 'delete'>
  journal: Journal
  dialPlan: Pick<DialPlan, 'set'>
  placed: PlacedCalls
  days: Pick<VerifyDays, 'offer'>
  presence: { publishPlaced(call: string): void; channelsOf(call: string): string[] }
  /** Sends messages of presence no more often than this. */
  setPace(paceMs: number): void
  counters: Counters
  log: Log
  /** Unix milliseconds by the cloud's clock. */
  nowMs(): number
}

/** Settings whose last order is remembered; orders live 15 s, so beyond them the oldest may go. */
const settingsMax = 5_000
/** The extension context for calls by API. No command can name another. */
const context = 'click2call'

/** Does what a verified command says, at most once whatever is delivered again. */
export class CommandExecutor {
  readonly #parts: CommandExecutorDependencies
  readonly #lastSet = new Map<string, string>()
  constructor(parts: CommandExecutorDependencies) {
    this.#parts = parts
  }

  /** `settle` takes the message out of its queue: once the claim is durable, and before anything rings. */
  async run(command: Command, settle: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (command.command === 'place') await this.#place(command, settle, signal)
    else if (command.command === 'hang-up') await this.#hangUp(command, settle, signal)
    else if (command.command === 'pace') await this.#pace(command, settle)
    else if (command.command === 'set') await this.#set(command, settle, signal)
    else {
      // Nothing rings, and told twice it is the same: no claim, and the other commands do not wait for it.
      await settle()
      this.#parts.days.offer(command, signal)
    }
  }

  async #pace(command: PaceCommand, settle: () => Promise<void>): Promise<void> {
    await settle()
    if (this.#isLate(command)) return
    this.#parts.setPace(command.paceMs)
    this.#parts.counters.add('command-pace')
    this.#parts.log.info('pace', { paceMs: command.paceMs })
  }

  async #place(command: PlaceCommand, settle: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { call, endpoint, extension, issuedAt } = command
    const { journal, placed } = this.#parts
    const request = { endpoint, extension, startedAt: issuedAt }
    if (!(await journal.claim(call, request))) {
      this.#note(call, 'again')
      return settle()
    }
    placed.begin(call, request)
    await settle()
    if (this.#isLate(command) || !journal.covers(issuedAt)) return this.#end(call, 'expired')
    // From here on the phone may have been rung, whatever the answer.
    placed.sent(call)
    await this.#originate(command, signal)
  }

  /** Once, never again: an answer that was lost may be of a call that rings. */
  async #originate(command: PlaceCommand, signal: AbortSignal): Promise<void> {
    const { call, endpoint, extension, callerId, ringSeconds } = command
    const order = { endpoint, extension, context, priority: 1, timeout: ringSeconds, channelId: call }
    try {
      await this.#parts.ari.post('/channels', { ...order, ...(callerId !== undefined && { callerId }) }, signal)
      this.#note(call, 'sent')
    } catch (error) {
      this.#parts.log.warn('call not placed', { call, reason: describeError(error) })
      // 409 is of a channel of that id that is live: ours, by an order whose answer was lost.
      if (error instanceof AriRefusedError && error.status !== 409) this.#end(call, refusedResult(error))
      // Not dialled: Asterisk was not even asked.
      else if (error instanceof AriUnreachableError && error.isUnsent) this.#end(call, 'failed')
      else await this.#lookFor(call, signal)
    }
  }

  /** The answer was lost. Where Asterisk cannot be asked either, its next connection tells which calls there are. */
  async #lookFor(call: string, signal: AbortSignal): Promise<void> {
    this.#note(call, 'unclear')
    try {
      await this.#parts.ari.get(`/channels/${call}`, signal)
    } catch (error) {
      if (error instanceof AriRefusedError && error.status === 404) this.#end(call, 'unknown')
      else this.#parts.log.warn('call not found out', { call, reason: describeError(error) })
    }
  }

  async #hangUp(command: HangUpCommand, settle: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { call, issuedAt } = command
    const { journal, placed, presence } = this.#parts
    const request = { endpoint: 'PJSIP/unknown', extension: '', startedAt: issuedAt }
    // Before its order: the call has ended, and the order will find the claim.
    if (call.startsWith('sh-') && (await journal.claim(call, request))) {
      placed.begin(call, request)
      await settle()
      return this.#end(call, 'cancelled')
    }
    await settle()
    if (this.#isLate(command)) return
    placed.cancel(call)
    const channels = presence.channelsOf(call)
    for (const channel of channels.length > 0 ? channels : [call]) await this.#hangUpChannel(channel, signal)
  }

  /** Once, so that a redelivery does not undo what a phone changed since; and nothing older than the last of its kind. */
  async #set(command: SetCommand, settle: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { order, extension, setting, target, issuedAt } = command
    const { journal, dialPlan } = this.#parts
    const isNew = await journal.claimOrder(order)
    await settle()
    const which = `${extension} ${setting}`
    if (!isNew || this.#isLate(command) || (this.#lastSet.get(which) ?? '') > issuedAt)
      return this.#note(order, 'again')
    this.#lastSet.set(which, issuedAt)
    if (this.#lastSet.size > settingsMax) this.#lastSet.delete(this.#lastSet.keys().next().value ?? '')
    await dialPlan.set(extension, setting, target, signal)
    this.#note(order, 'set')
  }

  async #hangUpChannel(channel: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.ari.delete(`/channels/${encodeURIComponent(channel)}`, signal)
    } catch (error) {
      // It went by itself.
      if (!(error instanceof AriRefusedError) || error.status !== 404) throw error
    }
  }

  #end(call: string, result: PlacedResult): void {
    if (!this.#parts.placed.end(call, result)) return
    this.#parts.presence.publishPlaced(call)
    this.#note(call, result)
  }

  #isLate({ deadline }: Command): boolean {
    return this.#parts.nowMs() > Date.parse(deadline)
  }

  #note(call: string, outcome: string): void {
    this.#parts.counters.add(`command-${outcome}`)
    this.#parts.log.info('command', { call, outcome })
  }
}

/** Asterisk answers 500 where the phone is not registered or not known. */
function refusedResult({ status }: AriRefusedError): PlacedResult {
  return status === 500 ? 'unreachable' : 'failed'
}
