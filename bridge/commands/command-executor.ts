import type { Command, HangUpCommand, PaceCommand, PlaceCommand, SetCommand } from '../../contracts/commands.ts'
import type { PlacedResult } from '../../contracts/placed.ts'
import { AriRefusedError, AriUnreachableError } from '../asterisk/ari-errors.ts'
import type { AriRest } from '../asterisk/ari-rest.ts'
import type { DialPlan } from '../asterisk/dial-plan.ts'
import type { PlacedCalls } from '../normalise/placed-calls.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import type { DayVerifier } from './day-verifier.ts'
import type { Eraser } from './eraser.ts'
import type { Journal } from './journal.ts'

/** What became of a command, as its counter and its log line say. */
type CommandOutcome = PlacedResult | 'again' | 'sent' | 'set' | 'unclear' | 'unsupported'

export interface CommandExecutorDependencies {
  ari: Pick<AriRest, 'get' | 'post' | 'delete'>
  journal: Journal
  dialPlan: Pick<DialPlan, 'set'>
  placed: PlacedCalls
  days: Pick<DayVerifier, 'offer'>
  eraser: Pick<Eraser, 'offer'>
  presence: {
    publishPlaced(call: string): void
    channelsOf(call: string): string[]
    readonly phones: { readonly hasForwarding: boolean }
  }
  /** Sets the shortest time between two messages of the live lane. */
  setPace(paceMs: number): void
  counters: Counters
  log: Log
  /** Unix milliseconds by the cloud's clock. */
  nowMs(): number
}

/** Settings whose newest command is remembered. Commands expire after 15 s, so the oldest may be forgotten. */
const settingsMax = 5_000
/** The dial plan context of calls by API. A command cannot name another one. */
const context = 'click2call'

/** Executes verified commands, each at most once even if SQS delivers it again. */
export class CommandExecutor {
  readonly #dependencies: CommandExecutorDependencies
  readonly #lastSet = new Map<string, string>()
  constructor(dependencies: CommandExecutorDependencies) {
    this.#dependencies = dependencies
  }

  /** `deleteMessage` removes the command from its queue; called once the claim is durable, before a phone rings. */
  async run(command: Command, deleteMessage: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (command.command === 'place') await this.#place(command, deleteMessage, signal)
    else if (command.command === 'hang-up') await this.#hangUp(command, deleteMessage, signal)
    else if (command.command === 'pace') await this.#pace(command, deleteMessage)
    else if (command.command === 'set') await this.#set(command, deleteMessage, signal)
    else {
      // No claim: verifying a day or erasing a number twice is harmless. Not awaited, so that other commands do not wait for it.
      await deleteMessage()
      if (command.command === 'erase') this.#dependencies.eraser.offer(command, signal)
      else this.#dependencies.days.offer(command, signal)
    }
  }

  async #pace(command: PaceCommand, deleteMessage: () => Promise<void>): Promise<void> {
    await deleteMessage()
    if (this.#isLate(command)) return
    this.#dependencies.setPace(command.paceMs)
    this.#dependencies.counters.add('command-pace')
    this.#dependencies.log.info('pace', { paceMs: command.paceMs })
  }

  async #place(command: PlaceCommand, deleteMessage: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { call, endpoint, extension, issuedAt } = command
    const { journal, placed } = this.#dependencies
    const request = { endpoint, extension, startedAt: issuedAt }
    if (!(await journal.claim(call, request))) {
      this.#note(call, 'again')
      await deleteMessage()
      return
    }
    placed.begin(call, request)
    await deleteMessage()
    if (this.#isLate(command) || !journal.covers(issuedAt)) return this.#end(call, 'expired')
    // From here on the phone may have rung, even if the request fails.
    placed.sent(call)
    await this.#originate(command, signal)
  }

  /** Sends the request once, without a retry: if the answer was lost, the phone may be ringing. */
  async #originate(command: PlaceCommand, signal: AbortSignal): Promise<void> {
    const { call, endpoint, extension, callerId, ringSeconds } = command
    const request = { endpoint, extension, context, priority: 1, timeout: ringSeconds, channelId: call }
    try {
      await this.#dependencies.ari.post(
        '/channels',
        { ...request, ...(callerId !== undefined && { callerId }) },
        signal,
      )
      this.#note(call, 'sent')
    } catch (error) {
      this.#dependencies.log.warn('call not placed', { call, reason: describeError(error) })
      // 409: a channel with this id exists. It is ours, from a request whose answer was lost.
      if (error instanceof AriRefusedError && error.status !== 409) this.#end(call, refusedResult(error))
      // The request did not reach Asterisk, so nothing was dialled.
      else if (error instanceof AriUnreachableError && error.isUnsent) this.#end(call, 'failed')
      else await this.#findCall(call, signal)
    }
  }

  /** Asks Asterisk whether the call exists. If that fails too, the snapshot of the next connection decides. */
  async #findCall(call: string, signal: AbortSignal): Promise<void> {
    this.#note(call, 'unclear')
    try {
      await this.#dependencies.ari.get(`/channels/${call}`, signal)
    } catch (error) {
      if (error instanceof AriRefusedError && error.status === 404) this.#end(call, 'unknown')
      else this.#dependencies.log.warn('call state unknown', { call, reason: describeError(error) })
    }
  }

  async #hangUp(command: HangUpCommand, deleteMessage: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { call, issuedAt } = command
    const { journal, placed, presence } = this.#dependencies
    const request = { endpoint: 'PJSIP/unknown', extension: '', startedAt: issuedAt }
    // The hang-up came before its place command: end the call. The place command will find the claim.
    if (call.startsWith('sh-') && (await journal.claim(call, request))) {
      placed.begin(call, request)
      await deleteMessage()
      return this.#end(call, 'cancelled')
    }
    await deleteMessage()
    if (this.#isLate(command)) return
    placed.cancel(call)
    const channels = presence.channelsOf(call)
    for (const channel of channels.length > 0 ? channels : [call]) await this.#hangUpChannel(channel, signal)
  }

  /** At most once, so that a redelivery does not undo a newer change by a phone. Skipped if a newer command came first. */
  async #set(command: SetCommand, deleteMessage: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { order, extension, setting, target, issuedAt } = command
    const { journal, dialPlan, presence } = this.#dependencies
    const isNew = await journal.claimOrder(order)
    await deleteMessage()
    const key = `${extension} ${setting}`
    if (!isNew || this.#isLate(command) || (this.#lastSet.get(key) ?? '') > issuedAt) return this.#note(order, 'again')
    this.#lastSet.set(key, issuedAt)
    if (this.#lastSet.size > settingsMax) this.#lastSet.delete(this.#lastSet.keys().next().value ?? '')
    // Asterisk would call into a dial plan that it does not have, and write a record of it.
    if (!presence.phones.hasForwarding) return this.#note(order, 'unsupported')
    await dialPlan.set(extension, setting, target, signal)
    this.#note(order, 'set')
  }

  async #hangUpChannel(channel: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#dependencies.ari.delete(`/channels/${encodeURIComponent(channel)}`, signal)
    } catch (error) {
      // 404: the channel has ended by itself.
      if (!(error instanceof AriRefusedError) || error.status !== 404) throw error
    }
  }

  #end(call: string, result: PlacedResult): void {
    if (!this.#dependencies.placed.end(call, result)) return
    this.#dependencies.presence.publishPlaced(call)
    this.#note(call, result)
  }

  #isLate({ deadline }: Command): boolean {
    return this.#dependencies.nowMs() > Date.parse(deadline)
  }

  #note(call: string, outcome: CommandOutcome): void {
    this.#dependencies.counters.add(`command-${outcome}`)
    this.#dependencies.log.info('command', { call, outcome })
  }
}

/** Asterisk answers 500 if the phone is unknown or not registered. */
function refusedResult({ status }: AriRefusedError): PlacedResult {
  return status === 500 ? 'unreachable' : 'failed'
}
