import { errorCode } from '../failure.ts'
import type { Check } from './checks.ts'
import { type Clock, realClock } from './clock.ts'

/** `Date` headers have whole seconds and answers take time; AWS tolerates five minutes. */
const rightMs = 30_000
/** AWS refuses signatures that are further off: five minutes, SQS fifteen. */
export const refusedMs = 300_000
const minuteMs = 60_000
const askMsMax = 10_000

/**
 * The cloud's time, from the `Date` headers of its answers, continued by the monotonic clock of this machine. So requests are
 * signed with the right time although the wall clock is wrong, also if it jumps while the bridge runs.
 */
export class CloudClock {
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  /** The cloud's Unix milliseconds minus the monotonic clock; `undefined` before the first answer. */
  #baseMs: number | undefined
  #shownMs = 0
  #certificate: string | undefined

  constructor(clock: Pick<Clock, 'nowMs' | 'monotonicMs'> = realClock) {
    this.#clock = clock
  }

  get isKnown(): boolean {
    return this.#baseMs !== undefined
  }

  /** Unix milliseconds by the cloud's clock; by this machine's before the first answer. */
  nowMs(): number {
    return this.#baseMs === undefined ? this.#clock.nowMs() : this.#baseMs + this.#clock.monotonicMs()
  }

  /** The cloud's time minus this machine's, in milliseconds: negative if this machine is ahead. */
  get offsetMs(): number {
    return this.nowMs() - this.#clock.nowMs()
  }

  /** Takes the `Date` header of an answer. It has whole seconds: the middle of the second is off by half a second at most. */
  note(date: string | null | undefined): void {
    const ms = Date.parse(date ?? '')
    if (Number.isNaN(ms)) return
    this.#baseMs = ms + 500 - this.#clock.monotonicMs()
    this.#certificate = undefined
  }

  /** Takes an error of a request: a certificate that is not valid at this machine's time shows that its clock may be wrong. */
  noteError(error: unknown): void {
    this.#certificate = certificateFault(error, this.#clock.nowMs()) ?? this.#certificate
  }

  /** Asks a server for its time by a request without credentials. Whatever the server answers, the answer has a date. */
  async ask(url: string): Promise<void> {
    try {
      const answer = await fetch(new URL(url).origin, { redirect: 'manual', signal: AbortSignal.timeout(askMsMax) })
      await answer.body?.cancel()
      this.note(answer.headers.get('date'))
    } catch (error) {
      this.noteError(error)
    }
  }

  /** Returns what is wrong with the clock of this machine in one sentence; `undefined` if it is right or not known. */
  get fault(): string | undefined {
    if (this.#certificate) return this.#certificate
    const { offsetMs } = this
    // Answers vary by a second: the same sentence stays until the offset really changes.
    if (Math.abs(offsetMs - this.#shownMs) > rightMs || Math.abs(offsetMs) <= rightMs) this.#shownMs = offsetMs
    return this.isKnown ? clockFault(this.#shownMs) : undefined
  }

  /** Returns the result of the check `clock`; `undefined` before the first answer of the cloud. */
  check(): Check | undefined {
    const { fault: reason } = this
    if (reason) return { id: 'clock', state: 'warning', reason, repair: clockRepair }
    return this.isKnown ? { id: 'clock', state: 'ok', reason: 'The clock agrees with that of the cloud.' } : undefined
  }
}

export const clockRepair = 'Set the clock of this machine, for example with timedatectl set-ntp true.'

/** Returns a sentence about a clock that is off by more than half a minute; negative offsets are of a clock that is ahead. */
export function clockFault(offsetMs: number): string | undefined {
  const offMs = Math.abs(offsetMs)
  if (offMs <= rightMs) return undefined
  const minutes = Math.round(offMs / minuteMs)
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  // Dates have whole seconds, so tens of them are certain.
  const span = minutes < 2 ? `${Math.round(offMs / 10_000)}0 s` : hours === 0 ? `${rest} min` : `${hours} h ${rest} min`
  return `The clock of this machine is ${span} ${offsetMs < 0 ? 'ahead of' : 'behind'} that of the cloud.`
}

/** Returns a sentence if a TLS certificate is not valid at this machine's time, which is more often the clock's fault. */
export function certificateFault(error: unknown, nowMs: number): string | undefined {
  const when = certificateFaults[errorCode(error)]
  if (!when) return undefined
  return `The certificate of the server ${when} by the clock of this machine, which shows ${new Date(nowMs).toISOString()}.`
}

const certificateFaults: Readonly<Record<string, string>> = {
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_HAS_EXPIRED: 'has expired',
}
