import { isDeepStrictEqual } from 'node:util'
import type { EndpointState, Registration } from '../../contracts/facts.ts'
import { type DeviceState, type Endpoint, type PhoneEntry, utc } from './ari-objects.ts'
import { customName, markDevices, markOf, withMark } from './custom-states.ts'
import {
  blank,
  carryOver,
  deviceReachability,
  isPhone,
  list,
  reachability,
  roundTripOf,
  split,
} from './endpoint-state.ts'
import type { AriEvent } from './events.ts'
import type { MailboxCount } from './mailboxes.ts'
import {
  type ExtensionSettings,
  hasSettings,
  noSettings,
  ofUser,
  readUserEvent,
  type SettingsReport,
  withSettings,
} from './phone-settings.ts'

/** More than any PBX has; limits memory if device names never repeat. */
const endpointsMax = 20_000
/** Endpoints that are remembered after they left. */
const leftMax = 1_000

/** The state of every endpoint. Each method that changes one returns its whole new state, or nothing if it did not change. */
export class Endpoints {
  readonly #states = new Map<string, EndpointState>()
  /** Endpoints that left the configuration, with what is known of them if they come back. */
  #left = new Map<string, EndpointState>()
  /** How many endpoints have left since this object was made: the next list of everything current ends them in the cloud. */
  leftCount = 0

  all(): EndpointState[] {
    return [...this.#states.values()]
  }

  /** Whether the dial plan follows forwarding that is set over the API. */
  get hasForwarding(): boolean {
    return this.all().some(({ forwardable }) => forwardable === true)
  }

  get(endpoint: string): EndpointState | undefined {
    return this.#states.get(endpoint)
  }

  /** Returns each state that the event changed: of the device, and of all phones whose number a setting is for. */
  apply(event: AriEvent, now: string): EndpointState[] {
    const at = utc(event.timestamp, now)
    if (event.type === 'DeviceStateChanged') return this.#setDevice(event.device_state, at)
    if (event.type === 'PeerStatusChange' || event.type === 'ContactStatusChange') {
      const micros = roundTripOf(event.contact_info?.roundtrip_usec ?? '')
      return list(this.#setReachable(event.endpoint, at, micros))
    }
    const reported = event.type === 'ChannelUserevent' ? readUserEvent(event) : undefined
    return reported ? this.#applyReport(reported, at) : []
  }

  /** Sets numbers and names of phones from the PBX's configuration. */
  describe(entries: readonly PhoneEntry[]): EndpointState[] {
    const changed: EndpointState[] = []
    for (const { endpoint, number, name, isTrunk } of entries) {
      const before = this.#states.get(endpoint)
      if (!before) continue
      const { number: _, name: __, trunk: known, ...rest } = ofUser(before, number)
      const trunk = !number && (isTrunk || known?.registration) ? (known ?? {}) : undefined
      const described: EndpointState = {
        ...rest,
        ...(number && { number }),
        ...(name && { name }),
        ...(trunk && { trunk }),
      }
      const customs = number ? markDevices(number).flatMap((device) => list(this.custom(device))) : []
      const marks = customs.flatMap((state) => markOf(state) ?? [])
      changed.push(...list(this.#put(marks.reduce(withMark, described))))
    }
    return changed
  }

  /** Returns the custom devices that are known, and those that would be settings of a known number: Asterisk lists none. */
  customDevices(): string[] {
    const numbers = this.all().flatMap(({ number }) => (number === undefined ? [] : markDevices(number)))
    const known = this.all().flatMap(({ technology, resource }) =>
      technology === 'Custom' ? [`Custom:${resource}`] : [],
    )
    return [...new Set([...numbers, ...known])]
  }

  custom(device: string): EndpointState | undefined {
    return this.#states.get(`Custom/${customName(device)}`)
  }

  /** Sets a custom state that was read while `seen` was the known state; ignored if an event has changed it meanwhile. */
  setCustom(device: DeviceState, seen: EndpointState | undefined, now: string): EndpointState[] {
    return this.custom(device.name) === seen ? this.#setDevice(device, now) : []
  }

  /**
   * Sets what astDB says of all phones with a number; extensions that are not in `settings` have none. A phone whose state is no longer
   * the one in `seen` is left as it is: an event may have brought newer settings.
   */
  setSettings(
    settings: ReadonlyMap<string, ExtensionSettings>,
    seen: readonly EndpointState[],
    at: string,
    isForwardable = true,
  ): EndpointState[] {
    return seen.flatMap((state) => {
      if (state.number === undefined || this.#states.get(state.endpoint) !== state) return []
      return list(this.#put(withSettings(state, settings.get(state.number) ?? noSettings, at, isForwardable)))
    })
  }

  /** Removes the settings of a dial plan that the PBX no longer has. */
  clearSettings(at: string): EndpointState[] {
    const cleared = this.all().flatMap((state) => {
      if (!state.forwardable) return []
      const { forwardable: _, ...rest } = withSettings(state, noSettings, at)
      const customs = markDevices(state.number ?? '').flatMap((device) => list(this.custom(device)))
      return list(this.#put(customs.flatMap((custom) => markOf(custom) ?? []).reduce(withMark, rest)))
    })
    return cleared
  }

  /** Returns the numbers that have a setting. They must be read again: a cleared setting is in no list. */
  withSettings(): string[] {
    return [...new Set(this.all().flatMap((state) => (hasSettings(state) && state.number ? [state.number] : [])))]
  }

  #applyReport(report: SettingsReport, at: string): EndpointState[] {
    return this.all().flatMap((state) => {
      if (state.number === undefined) return []
      // Any report shows that the dial plan supports forwarding.
      if (report.kind === 'complete' || state.number !== report.number)
        return list(this.#put({ ...state, forwardable: true }))
      return list(this.#put(withSettings(state, report.settings, at)))
    })
  }

  /** Loads a REST snapshot. Where the state is the same as in `earlier`, its `since` is kept. */
  load(endpoints: Endpoint[], deviceStates: DeviceState[], now: string, earlier?: Endpoints): void {
    for (const { technology, resource, state } of endpoints) {
      if (!isPhone(technology, resource)) continue
      this.#put({ ...blank(technology, resource, now), reachability: reachability(state) })
    }
    this.#left = new Map(earlier ? earlier.#left : [])
    const isRead = new Set(deviceStates.map(({ name }) => name))
    for (const device of deviceStates) this.#setDevice(device, now)
    // Custom states are not in the snapshot; phone-settings.ts reads them one by one. Until then the known ones are kept.
    for (const state of earlier?.all() ?? []) if (state.technology === 'Custom') this.#states.set(state.endpoint, state)
    for (const state of this.#states.values()) {
      const before = earlier?.get(state.endpoint)
      if (!before) continue
      const current = isRead.has(state.endpoint) ? state : { ...state, deviceState: before.deviceState }
      this.#states.set(state.endpoint, carryOver(before, current))
    }
  }

  /** Sets the message count of a phone; `undefined` if it no longer shows a mailbox. */
  setMailbox(endpoint: string, count: MailboxCount | undefined, at: string): EndpointState | undefined {
    const before = this.#states.get(endpoint)
    if (!before || (before.mailbox?.new === count?.new && before.mailbox?.old === count?.old)) return undefined
    const { mailbox: _, ...rest } = before
    const state: EndpointState = count ? { ...rest, mailbox: { ...count, since: at } } : rest
    this.#states.set(endpoint, state)
    return state
  }

  /**
   * Sets the registration of a trunk; `undefined` if the PBX no longer has it. A registration makes its endpoint a trunk; a phone
   * with a number stays a phone.
   */
  setRegistration(endpoint: string, state: Registration['state'] | undefined, at: string): EndpointState | undefined {
    const before = this.#states.get(endpoint)
    if (!before || before.number !== undefined || before.trunk?.registration?.state === state) return undefined
    return this.#put({ ...before, trunk: state ? { registration: { state, since: at } } : {} })
  }

  #setDevice({ name, state }: DeviceState, at: string): EndpointState[] {
    const custom = customName(name)
    return custom === undefined ? list(this.#setPhone(name, state, at)) : this.#setCustomState(custom, state, at)
  }

  /** `UNKNOWN` is the state of a custom device that was never set. */
  #setCustomState(resource: string, deviceState: string, at: string): EndpointState[] {
    const before = this.#states.get(`Custom/${resource}`)
    if (before ? before.deviceState === deviceState : deviceState === 'UNKNOWN') return []
    const own = this.#put({ ...(before ?? blank('Custom', resource, at)), deviceState, since: at })
    const mark = own && markOf(own)
    const phones = mark ? this.all().filter(({ number }) => number === mark.number) : []
    return [...list(own), ...(mark ? phones.flatMap((phone) => list(this.#put(withMark(phone, mark)))) : [])]
  }

  #setPhone(name: string, state: string, at: string): EndpointState | undefined {
    const [technology = '', resource = ''] = split(name)
    const known = this.#states.get(name)
    if (known && state === 'INVALID') {
      this.#leave(known)
      return undefined
    }
    if (!known && (state === 'INVALID' || !isPhone(technology, resource))) return undefined
    const before = known ?? this.#left.get(name) ?? blank(technology, resource, at)
    this.#left.delete(name)
    const next = deviceReachability(state) ?? before.reachability
    return this.#put({
      ...before,
      deviceState: state,
      reachability: next,
      ...(known && next !== before.reachability && { reachableSince: at }),
      since: before.deviceState === state ? before.since : at,
    })
  }

  #setReachable({ technology, resource, state }: Endpoint, at: string, micros: number): EndpointState | undefined {
    const name = `${technology}/${resource}`
    // An endpoint that left the configuration may still lose its contacts.
    if (!isPhone(technology, resource) || this.#left.has(name)) return undefined
    const before = this.#states.get(name) ?? blank(technology, resource, at)
    const next = reachability(state)
    return this.#put({
      ...before,
      reachability: next,
      ...(next !== before.reachability && { reachableSince: at }),
      ...(micros > 0 && { roundTripMs: Math.round(micros / 100) / 10 }),
    })
  }

  /** The device is `INVALID`: the PBX's configuration no longer has it. */
  #leave(state: EndpointState): void {
    this.#states.delete(state.endpoint)
    this.#left.set(state.endpoint, state)
    this.leftCount += 1
    const [oldest] = this.#left.keys()
    if (this.#left.size > leftMax && oldest !== undefined) this.#left.delete(oldest)
  }

  #put(state: EndpointState): EndpointState | undefined {
    const before = this.#states.get(state.endpoint)
    if (!before && this.#states.size >= endpointsMax) return undefined
    if (before && isDeepStrictEqual(before, state)) return undefined
    this.#states.set(state.endpoint, state)
    return state
  }
}
