import type { EndpointState } from '../contracts/facts.ts'
import type { AriRequests } from './asterisk/ari-connection.ts'
import { DialPlan, namesMax, type PbxReader, readSettings } from './asterisk/dial-plan.ts'
import { readFreepbxPhone } from './asterisk/freepbx.ts'
import { mapAnswered } from './asterisk/map-answered.ts'
import { readDeviceState, readPhoneEntry } from './asterisk/phone-directory.ts'
import { type Forwarding, ForwardingKind } from './forwarding-kind.ts'
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

/** Changes by phone and API make events; those at Asterisk's console make none and are found by reading. */
const readEveryMs = 30_000
/** A PBX without the dial plan of forwarding may get it by a reload, which no event tells. */
const askAgainMs = 600_000
/** FreePBX's settings are read this often, but never more than a twentieth of the time, which many phones need. */
const soonestMs = 1_000
const idleRatio = 20

/**
 * Reads numbers, names and custom states at each connection; forwarding and do not disturb also from time to time after it, and each
 * second where astDB of FreePBX has them.
 */
export class PhoneSettings {
  readonly #dependencies: PhoneSettingsDependencies
  readonly #dialPlan: DialPlan
  readonly #kind: ForwardingKind
  /** What was found at the last look; `undefined` before. */
  #forwarding: Forwarding | undefined
  #connection = 0
  #readMs = Number.NEGATIVE_INFINITY
  /** When the PBX last said that it has no dial plan of forwarding. */
  #missingMs = Number.NEGATIVE_INFINITY
  /** When settings were last read, how long that took, and when the users of all phones were. */
  #settingsMs = Number.NEGATIVE_INFINITY
  #tookMs = 0
  #usersMs = Number.NEGATIVE_INFINITY
  #isBusy = false
  /** The lamps of forwarding when astDB was last read. */
  #lamps = ''
  /** Phones and custom devices for which no answer came. */
  #unread: Unread = { phones: [], devices: [] }

  constructor(dependencies: PhoneSettingsDependencies) {
    this.#dependencies = dependencies
    this.#dialPlan = new DialPlan(dependencies.requests)
    this.#kind = new ForwardingKind(dependencies)
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
      const isMissing = now - this.#missingMs < askAgainMs
      if (isFreepbx(this.#forwarding) && (lamps !== this.#lamps || this.#isDueAgain(now)))
        await this.#readSettings(this.#forwarding, signal)
      else if (lamps !== this.#lamps && !isMissing) await this.#findForwarding(signal)
      this.#lamps = lamps
      return
    }
    // A PBX that comes back may be another one.
    if (isNew) this.#forwarding = undefined
    const isDue = isNew || now - this.#missingMs >= askAgainMs
    const forwarding = isDue ? await this.#kind.find(signal) : undefined
    this.#forwarding = forwarding ?? this.#forwarding
    const { phones, devices } = isNew ? { phones: pjsipPhones(known), devices: undefined } : this.#unread
    const unreadPhones = await this.#readDirectory(phones, signal)
    await this.#readUsers(isNew || now - this.#usersMs >= askAgainMs)
    const unreadDevices = await this.#readCustomStates(devices ?? known.phones.customDevices(), signal)
    this.#unread = { phones: unreadPhones, devices: unreadDevices }
    if (forwarding) await this.#readForwarding(forwarding, signal)
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

  async #findForwarding(signal: AbortSignal): Promise<void> {
    const forwarding = await this.#kind.find(signal)
    // Nobody can be asked now: the next reading tries again.
    if (forwarding === undefined) return
    this.#forwarding = forwarding
    await this.#readForwarding(forwarding, signal)
  }

  /**
   * Reads without a call. Asterisk takes a call into a dial plan that it does not have like any other, and writes a record of each.
   */
  async #readForwarding(forwarding: Forwarding, signal: AbortSignal): Promise<void> {
    const { known, counters, clock } = this.#dependencies
    this.#missingMs = forwarding === 'none' ? clock.monotonicMs() : Number.NEGATIVE_INFINITY
    if (forwarding !== 'none') return this.#readSettings(forwarding, signal)
    counters.add('forwarding-missing')
    known.publishEndpoints(known.phones.clearSettings(new Date(clock.nowMs()).toISOString()))
  }

  async #readSettings({ kind, isForwardable }: Exclude<Forwarding, 'none'>, signal: AbortSignal): Promise<void> {
    const { known, ami, clock } = this.#dependencies
    const { phones } = known
    const begunMs = clock.monotonicMs()
    const seen = phones.all()
    const settings = ami && (await readSettings(ami, numbersOf(seen), kind))
    const now = new Date(clock.nowMs()).toISOString()
    if (settings) known.publishEndpoints(phones.setSettings(settings, seen, now, isForwardable))
    else if (!ami || kind === 'switchhook') await this.#requestReports(phones.withSettings(), signal)
    this.#settingsMs = clock.monotonicMs()
    this.#tookMs = this.#settingsMs - begunMs
  }

  /** Whether the settings of FreePBX are due: no event tells that *90, *52 or the user portal has changed one. */
  #isDueAgain(nowMs: number): boolean {
    const everyMs = Math.min(readEveryMs, Math.max(soonestMs, this.#tookMs * idleRatio))
    return isFreepbx(this.#forwarding) && this.#dependencies.ami !== undefined && nowMs - this.#settingsMs >= everyMs
  }

  /** Reads numbers and names of FreePBX's users; of chan_sip's phones they are nowhere else. */
  async #readUsers(isEverybody: boolean): Promise<void> {
    const { known, ami, clock } = this.#dependencies
    if (!ami || !isFreepbx(this.#forwarding)) return
    if (isEverybody) this.#usersMs = clock.monotonicMs()
    for (const { endpoint, technology, number } of known.phones.all()) {
      if (technology === 'Custom' || (!isEverybody && number !== undefined)) continue
      const entry = await readFreepbxPhone(endpoint, ami)
      if (entry) known.publishEndpoints(known.phones.describe([entry]))
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

type FreepbxForwarding = Exclude<Forwarding, 'none'> & { kind: 'freepbx' }
function isFreepbx(forwarding: Forwarding | undefined): forwarding is FreepbxForwarding {
  return forwarding !== undefined && forwarding !== 'none' && forwarding.kind === 'freepbx'
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
