import * as v from 'valibot'
import type { EndpointState } from '../contracts/facts.ts'
import type { AriRequests } from './asterisk/ari-connection.ts'
import { AriRefusedError } from './asterisk/ari-errors.ts'
import {
  DialPlan,
  namesMax,
  neededModules,
  type PbxReader,
  readHasForwarding,
  readIsFreepbx,
  readSettings,
} from './asterisk/dial-plan.ts'
import { hasModules } from './asterisk/loaded-modules.ts'
import { mapAnswered } from './asterisk/map-answered.ts'
import { readDeviceState, readPhoneEntry } from './asterisk/phone-directory.ts'
import type { Endpoints } from './normalise/endpoints.ts'
import type { Clock } from './operate/clock.ts'
import type { Counters } from './operate/counters.ts'
import { describeError, type Log } from './operate/log.ts'

/** The phones that the bridge knows, and how to publish changes of them. */
export interface KnownPhones {
  readonly isConnected: boolean
  readonly connections: number
  readonly phones: Endpoints
  publishEndpoints(states: readonly EndpointState[]): void
}
export interface PhoneSettingsDependencies {
  requests: AriRequests
  /** Reads the PBX over the Manager Interface, if the bridge has it. */
  ami?: PbxReader | undefined
  known: KnownPhones
  /** Returns any channel that lives now. */
  anyChannel(): string | undefined
  counters: Counters
  log: Log
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
}

const Value = v.looseObject({ value: v.string() })

/** Changes by phone and API make events; those at Asterisk's console make none and are found by reading. */
const readEveryMs = 30_000
/** A PBX without the dial plan of forwarding may get it by a reload, which no event tells. */
const askAgainMs = 600_000

/** Reads numbers, names and custom states at each connection; forwarding and do not disturb also from time to time after it. */
export class PhoneSettings {
  readonly #dependencies: PhoneSettingsDependencies
  readonly #dialPlan: DialPlan
  #connection = 0
  #readMs = Number.NEGATIVE_INFINITY
  /** When the PBX last said that it has no dial plan of forwarding. */
  #missingMs = Number.NEGATIVE_INFINITY
  #isBusy = false
  /** The lamps of forwarding when astDB was last read. */
  #lamps = ''
  /** Phones and custom devices for which no answer came. */
  #unread: Unread = { phones: [], devices: [] }

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
    const now = clock.monotonicMs()
    const lamps = lampsOf(known)
    if (!isNew && now - this.#readMs < readEveryMs) {
      if (lamps !== this.#lamps && now - this.#missingMs >= askAgainMs) await this.#readForwarding(signal)
      this.#lamps = lamps
      return
    }
    const { phones, devices } = isNew ? { phones: pjsipPhones(known), devices: undefined } : this.#unread
    const unreadPhones = await this.#readDirectory(phones, signal)
    const unreadDevices = await this.#readCustomStates(devices ?? known.phones.customDevices(), signal)
    this.#unread = { phones: unreadPhones, devices: unreadDevices }
    if (isNew || now - this.#missingMs >= askAgainMs) await this.#readForwarding(signal)
    this.#connection = connections
    this.#readMs = now
    this.#lamps = lamps
  }

  /** Returns the phones for which no answer came. */
  #readDirectory(phones: readonly string[], signal: AbortSignal): Promise<string[]> {
    const { known, requests } = this.#dependencies
    return this.#forEach(phones, async (endpoint) => {
      const entry = await readPhoneEntry(endpoint, requests, signal)
      if (entry) known.publishEndpoints(known.phones.describe([entry]))
    })
  }

  /** Returns the devices for which no answer came. */
  #readCustomStates(devices: readonly string[], signal: AbortSignal): Promise<string[]> {
    const { known, requests, clock } = this.#dependencies
    return this.#forEach(devices, async (device) => {
      const seen = known.phones.custom(device)
      const state = await readDeviceState(device, requests, signal)
      if (state) known.publishEndpoints(known.phones.setCustom(state, seen, new Date(clock.nowMs()).toISOString()))
    })
  }

  async #forEach(names: readonly string[], read: (name: string) => Promise<void>): Promise<string[]> {
    const unread: string[] = []
    await mapAnswered(names, read, (name) => {
      this.#dependencies.counters.add('phone-settings-unread')
      unread.push(name)
    })
    return unread
  }

  /**
   * Reads without a call. Asterisk takes a call into a dial plan that it does not have like any other, and writes a record of each.
   */
  async #readForwarding(signal: AbortSignal): Promise<void> {
    const { known, ami, counters, clock } = this.#dependencies
    const { phones } = known
    const hasForwarding = await this.#hasForwarding(signal)
    // Nobody can be asked now: the next reading tries again.
    if (hasForwarding === undefined) return
    const now = () => new Date(clock.nowMs()).toISOString()
    const isFreepbx = hasForwarding ? false : await this.#isFreepbx(signal)
    if (isFreepbx === undefined) return
    if (isFreepbx && ami) {
      const seen = phones.all()
      const settings = await readSettings(ami, numbersOf(seen), 'freepbx')
      if (settings) known.publishEndpoints(phones.setSettings(settings, seen, now(), false))
      return
    }
    if (!hasForwarding) {
      this.#missingMs = clock.monotonicMs()
      counters.add('forwarding-missing')
      known.publishEndpoints(phones.clearSettings(now()))
      return
    }
    this.#missingMs = Number.NEGATIVE_INFINITY
    const seen = phones.all()
    const settings = ami && (await readSettings(ami, numbersOf(seen)))
    if (settings) known.publishEndpoints(phones.setSettings(settings, seen, now()))
    else await this.#requestReports(phones.withSettings(), signal)
  }

  /** Without the Manager Interface astDB cannot be read, so it does not matter. */
  async #isFreepbx(signal: AbortSignal): Promise<boolean | undefined> {
    const { requests, ami } = this.#dependencies
    if (!ami || !(await hasModules(['func_db.so'], requests, signal))) return false
    return await readIsFreepbx(ami)
  }

  /** Asks over the Manager Interface, or without it a channel that lives. */
  async #hasForwarding(signal: AbortSignal): Promise<boolean | undefined> {
    const { requests, ami, known } = this.#dependencies
    if (known.phones.hasForwarding && !ami) return true
    if (!(await hasModules(neededModules, requests, signal))) return false
    const byAmi = ami && (await readHasForwarding(ami))
    if (byAmi !== undefined) return byAmi
    return await readHasForwarding({ variable: (name) => this.#variableOfAnyChannel(name, signal) })
  }

  async #variableOfAnyChannel(name: string, signal: AbortSignal): Promise<string | undefined> {
    const { requests, anyChannel } = this.#dependencies
    const channel = anyChannel()
    if (channel === undefined) return undefined
    try {
      const path = `/channels/${encodeURIComponent(channel)}/variable?variable=${encodeURIComponent(name)}`
      const answer = v.safeParse(Value, await requests.get(path, signal))
      return answer.success ? answer.output.value : undefined
    } catch (error) {
      // The channel has ended meanwhile.
      if (error instanceof AriRefusedError) return undefined
      throw error
    }
  }

  /** Requests UserEvents of the dial plan, which the PBX is known to have: it makes the channel of the request leave no record. */
  async #requestReports(numbers: readonly string[], signal: AbortSignal): Promise<void> {
    const rounds = Math.max(1, Math.ceil(numbers.length / namesMax))
    for (let round = 0; round < rounds; round += 1) {
      await this.#dialPlan.read(numbers.slice(round * namesMax, (round + 1) * namesMax), signal)
    }
  }
}

interface Unread {
  phones: readonly string[]
  devices: readonly string[]
}

const numbersOf = (states: readonly EndpointState[]) => states.flatMap(({ number }) => number ?? [])

/** Star codes of FreePBX set `Custom:CF101` and `Custom:DND101`: a change of one says that astDB has changed. */
function lampsOf({ phones }: KnownPhones): string {
  const lamps = phones
    .all()
    .filter(({ technology, resource }) => technology === 'Custom' && /^(CF|DND)\d+$/.test(resource))
  return lamps.map(({ resource, since }) => `${resource} ${since}`).join()
}

function pjsipPhones({ phones }: KnownPhones): string[] {
  return phones.all().flatMap(({ technology, endpoint }) => (technology === 'PJSIP' ? endpoint : []))
}
