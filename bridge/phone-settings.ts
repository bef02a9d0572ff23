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

/** The phones that the bridge knows, and how to publish changes of them. */
export interface KnownPhones {
  readonly isConnected: boolean
  readonly connections: number
  readonly phones: Endpoints
  publishEndpoints(states: readonly EndpointState[]): void
}
export interface PhoneSettingsDependencies {
  requests: AriRequests
  known: KnownPhones
  counters: Counters
  log: Log
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
}

/** Changes by phone and API make events; those at Asterisk's console make none and are found by reading. */
const readEveryMs = 30_000
/** Concurrent requests. */
const requestsMax = 8

/** Reads numbers, names and custom states at each connection; forwarding and do not disturb also from time to time after it. */
export class PhoneSettings {
  readonly #dependencies: PhoneSettingsDependencies
  readonly #dialPlan: DialPlan
  #connection = 0
  #readMs = Number.NEGATIVE_INFINITY
  #isBusy = false

  constructor(dependencies: PhoneSettingsDependencies) {
    this.#dependencies = dependencies
    this.#dialPlan = new DialPlan(dependencies.requests)
  }

  /** Call this each second. Reads what is due, one reading at a time; after a failure the next call tries again. */
  async tick(signal: AbortSignal): Promise<void> {
    const { known, counters, log } = this.#dependencies
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
    const { known, clock } = this.#dependencies
    const { connections } = known
    const isNew = connections !== this.#connection
    if (isNew) {
      await this.#readDirectory(signal)
      await this.#readCustomStates(signal)
    }
    const now = clock.monotonicMs()
    if (!isNew && now - this.#readMs < readEveryMs) return
    await this.#readForwarding(known.phones.withSettings(), signal)
    this.#connection = connections
    this.#readMs = now
  }

  async #readDirectory(signal: AbortSignal): Promise<void> {
    const { known, requests } = this.#dependencies
    const phones = known.phones.all().filter(({ technology }) => technology === 'PJSIP')
    await mapConcurrently(requestsMax, phones, async ({ endpoint }) => {
      const entry = await readPhoneEntry(endpoint, requests, signal)
      known.publishEndpoints(known.phones.describe([entry]))
    })
  }

  async #readCustomStates(signal: AbortSignal): Promise<void> {
    const { known, requests, clock } = this.#dependencies
    await mapConcurrently(requestsMax, known.phones.customDevices(), async (device) => {
      const seen = known.phones.custom(device)
      const state = await readDeviceState(device, requests, signal)
      if (state) known.publishEndpoints(known.phones.setCustom(state, seen, new Date(clock.nowMs()).toISOString()))
    })
  }

  async #readForwarding(numbers: readonly string[], signal: AbortSignal): Promise<void> {
    const rounds = Math.max(1, Math.ceil(numbers.length / namesMax))
    try {
      for (let round = 0; round < rounds; round += 1) {
        await this.#dialPlan.read(numbers.slice(round * namesMax, (round + 1) * namesMax), signal)
      }
    } catch (error) {
      // The dial plan has no such context: this PBX does not support forwarding, and its phones are not `forwardable`.
      if (!(error instanceof AriRefusedError)) throw error
      this.#dependencies.counters.add('forwarding-missing')
    }
  }
}
