import type { EndpointState } from '../contracts/facts.ts'
import type { AriRequests } from './asterisk/ari-connection.ts'
import { AriRefusedError } from './asterisk/ari-errors.ts'
import { DialPlan, namesMax } from './asterisk/dial-plan.ts'
import { readDeviceState, readPhoneEntry } from './asterisk/phone-directory.ts'
import type { Endpoints } from './normalise/endpoints.ts'
import type { Clock } from './operate/clock.ts'
import type { Counters } from './operate/counters.ts'
import { describeError, type Log } from './operate/log.ts'
import { mapConcurrently } from './operate/map-concurrently.ts'

/** What the bridge knows of phones, and tells of them. */
export interface KnownPhones {
  readonly isConnected: boolean
  readonly connections: number
  readonly phones: Endpoints
  publishEndpoints(states: readonly EndpointState[]): void
}
export interface PhoneSettingsParts {
  requests: AriRequests
  known: KnownPhones
  counters: Counters
  log: Log
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
}

/** Changes by phone and API are told at once; those at Asterisk's console make no event and are found by reading. */
const readEveryMs = 30_000
/** Configurations asked for at a time. */
const requestsMax = 8

/** Numbers, names, custom states, forwarding and do not disturb: read at each connection, and now and then after it. */
export class PhoneSettings {
  readonly #parts: PhoneSettingsParts
  readonly #dialPlan: DialPlan
  #connection = 0
  #readMs = Number.NEGATIVE_INFINITY
  #isBusy = false

  constructor(parts: PhoneSettingsParts) {
    this.#parts = parts
    this.#dialPlan = new DialPlan(parts.requests)
  }

  /** To be called each second. One reading at a time; what fails is due again at the next. */
  async tick(signal: AbortSignal): Promise<void> {
    const { known, counters, log } = this.#parts
    if (this.#isBusy || !known.isConnected) return
    this.#isBusy = true
    try {
      await this.#read(signal)
    } catch (error) {
      counters.add('phone-settings-unread')
      log.warn('phone-settings-unread', { reason: describeError(error) })
    } finally {
      this.#isBusy = false
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { known, clock } = this.#parts
    const { connections } = known
    const isNew = connections !== this.#connection
    if (isNew) {
      await this.#readDirectory(signal)
      await this.#readCustomStates(signal)
    }
    const now = clock.monotonicMs()
    if (!isNew && now - this.#readMs < readEveryMs) return
    await this.#ask(known.phones.withSettings(), signal)
    this.#connection = connections
    this.#readMs = now
  }

  async #readDirectory(signal: AbortSignal): Promise<void> {
    const { known, requests } = this.#parts
    const phones = known.phones.all().filter(({ technology }) => technology === 'PJSIP')
    await mapConcurrently(requestsMax, phones, async ({ endpoint }) => {
      const entry = await readPhoneEntry(endpoint, requests, signal)
      known.publishEndpoints(known.phones.describe([entry]))
    })
  }

  async #readCustomStates(signal: AbortSignal): Promise<void> {
    const { known, requests, clock } = this.#parts
    await mapConcurrently(requestsMax, known.phones.customDevices(), async (device) => {
      const seen = known.phones.custom(device)
      const state = await readDeviceState(device, requests, signal)
      // Of the connection that stands by now: what was known under another was other than this one's `seen`.
      if (state) known.publishEndpoints(known.phones.takeCustom(state, seen, new Date(clock.nowMs()).toISOString()))
    })
  }

  async #ask(numbers: readonly string[], signal: AbortSignal): Promise<void> {
    const rounds = Math.max(1, Math.ceil(numbers.length / namesMax))
    try {
      for (let round = 0; round < rounds; round += 1) {
        await this.#dialPlan.read(numbers.slice(round * namesMax, (round + 1) * namesMax), signal)
      }
    } catch (error) {
      // No such context: this PBX follows no settings, which its phones say by not being `forwardable`.
      if (!(error instanceof AriRefusedError)) throw error
      this.#parts.counters.add('forwarding-missing')
    }
  }
}
