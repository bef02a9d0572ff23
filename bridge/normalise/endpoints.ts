import { isDeepStrictEqual } from 'node:util'
import type { EndpointState, Reachability, Registration } from '../../contracts/facts.ts'
import { type DeviceState, type Endpoint, utc } from './ari-objects.ts'
import { customName, markDevices, markOf, withMark } from './custom-states.ts'
import type { AriEvent } from './events.ts'
import type { MailboxCount } from './mailboxes.ts'
import { hasSettings, type PhoneEntry, readUserEvent, type SettingsReport, withSettings } from './phone-settings.ts'

/** Technologies whose devices are phones and trunks. Devices of others (`Local/`, `WebSocket/`) belong to one call. */
const deviceTechnologies = new Set(['PJSIP', 'SIP', 'IAX2', 'DAHDI', 'SCCP', 'Skinny', 'MGCP', 'Motif'])
/** In these states an endpoint has a contact that answers. */
const inService = new Set(['NOT_INUSE', 'INUSE', 'BUSY', 'RINGING', 'RINGINUSE', 'ONHOLD'])
/** More than any PBX has; limits memory if device names never repeat. */
const endpointsMax = 20_000

/** The state of every endpoint. Each method that changes one returns its whole new state, or nothing if it did not change. */
export class Endpoints {
  readonly #states = new Map<string, EndpointState>()

  all(): EndpointState[] {
    return [...this.#states.values()]
  }

  get(endpoint: string): EndpointState | undefined {
    return this.#states.get(endpoint)
  }

  /** Returns each state that the event changed: of the device, and of all phones whose number a setting is for. */
  apply(event: AriEvent, now: string): EndpointState[] {
    const at = utc(event.timestamp, now)
    if (event.type === 'DeviceStateChanged') return this.#setDevice(event.device_state, at)
    if (event.type === 'PeerStatusChange' || event.type === 'ContactStatusChange') {
      const micros = Number(event.contact_info?.roundtrip_usec || Number.NaN)
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
      const { number: _, name: __, trunk: known, ...rest } = before
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

  /** Returns the numbers that have a setting. They must be read again: a cleared setting is in no list. */
  withSettings(): string[] {
    return [...new Set(this.all().flatMap((state) => (hasSettings(state) && state.number ? [state.number] : [])))]
  }

  #applyReport(report: SettingsReport, at: string): EndpointState[] {
    return this.all().flatMap((state) => {
      if (state.number === undefined) return []
      if (report.kind === 'complete') return list(this.#put({ ...state, forwardable: true }))
      return state.number === report.number ? list(this.#put(withSettings(state, report.settings, at))) : []
    })
  }

  /** Loads a REST snapshot. Where the state is the same as in `earlier`, its `since` is kept. */
  load(endpoints: Endpoint[], deviceStates: DeviceState[], now: string, earlier?: Endpoints): void {
    for (const { technology, resource, state } of endpoints) {
      this.#put({ ...blank(technology, resource, now), reachability: reachability(state) })
    }
    for (const device of deviceStates) this.#setDevice(device, now)
    // Custom states are not in the snapshot; phone-settings.ts reads them one by one. Until then the known ones are kept.
    for (const state of earlier?.all() ?? []) if (state.technology === 'Custom') this.#states.set(state.endpoint, state)
    for (const state of this.#states.values()) {
      const before = earlier?.get(state.endpoint)
      if (before) this.#states.set(state.endpoint, carryOver(before, state))
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
    if (!known && (resource === '' || !deviceTechnologies.has(technology))) return undefined
    const before = known ?? blank(technology, resource, at)
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
    if (!deviceTechnologies.has(technology)) return undefined
    const before = this.#states.get(`${technology}/${resource}`) ?? blank(technology, resource, at)
    const next = reachability(state)
    return this.#put({
      ...before,
      reachability: next,
      ...(next !== before.reachability && { reachableSince: at }),
      ...(micros > 0 && { roundTripMs: Math.round(micros / 100) / 10 }),
    })
  }

  #put(state: EndpointState): EndpointState | undefined {
    const before = this.#states.get(state.endpoint)
    if (!before && this.#states.size >= endpointsMax) return undefined
    if (before && isDeepStrictEqual(before, state)) return undefined
    this.#states.set(state.endpoint, state)
    return state
  }
}

/** Returns the new state with what REST does not report, and with the times of values that did not change. */
function carryOver(before: EndpointState, state: EndpointState): EndpointState {
  const since = before.deviceState === state.deviceState ? before.since : state.since
  const { reachableSince: was, ...rest } = before
  const reachableSince = before.reachability === state.reachability ? was : state.since
  return { ...rest, ...state, since, ...(reachableSince !== undefined && { reachableSince }) }
}

function list(state: EndpointState | undefined): EndpointState[] {
  return state ? [state] : []
}

function split(device: string): [string, string] {
  const slash = device.indexOf('/')
  return slash < 0 ? [device, ''] : [device.slice(0, slash), device.slice(slash + 1)]
}

function blank(technology: string, resource: string, since: string): EndpointState {
  const endpoint = `${technology}/${resource}`
  return { endpoint, technology, resource, deviceState: 'UNKNOWN', reachability: 'unknown', since }
}

function reachability(state: string): Reachability {
  return state === 'online' || state === 'offline' ? state : 'unknown'
}

function deviceReachability(state: string): Reachability | undefined {
  if (state === 'UNAVAILABLE') return 'offline'
  return inService.has(state) ? 'online' : undefined
}
