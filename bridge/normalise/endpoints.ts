import { isDeepStrictEqual } from 'node:util'
import type { EndpointState, Reachability } from '../../contracts/facts.ts'
import { type DeviceState, type Endpoint, utc } from './ari-objects.ts'
import { customName, markDevices, markOf, withMark } from './custom-states.ts'
import type { AriEvent } from './events.ts'
import type { MailboxCount } from './mailboxes.ts'
import { hasSettings, type PhoneEntry, readUserEvent, type Told, withSettings } from './phone-settings.ts'

/** Technologies whose device names are phones and trunks. Others (`Local/`, `WebSocket/`) name something of one call. */
const deviceTechnologies = new Set(['PJSIP', 'SIP', 'IAX2', 'DAHDI', 'SCCP', 'Skinny', 'MGCP', 'Motif'])
/** An endpoint in one of these states has a contact that answered. */
const inService = new Set(['NOT_INUSE', 'INUSE', 'BUSY', 'RINGING', 'RINGINUSE', 'ONHOLD'])
/** Above any PBX; guards memory against device names without end. */
const endpointsMax = 20_000

/** The state of every endpoint. Each change answers the whole new state, or nothing if it is what was known. */
export class Endpoints {
  readonly #states = new Map<string, EndpointState>()

  all(): EndpointState[] {
    return [...this.#states.values()]
  }

  get(endpoint: string): EndpointState | undefined {
    return this.#states.get(endpoint)
  }

  /** Each state that the event changed: one of a device or a custom one, and those of all phones with a number. */
  apply(event: AriEvent, now: string): EndpointState[] {
    const at = utc(event.timestamp, now)
    if (event.type === 'DeviceStateChanged') return this.#setDevice(event.device_state, at)
    if (event.type === 'PeerStatusChange' || event.type === 'ContactStatusChange') {
      const micros = Number(event.contact_info?.roundtrip_usec || Number.NaN)
      return list(this.#setReachable(event.endpoint, at, micros))
    }
    const told = event.type === 'ChannelUserevent' ? readUserEvent(event) : undefined
    return told ? this.#take(told, at) : []
  }

  /** What the PBX's configuration says of phones: numbers, names, mailboxes. */
  describe(entries: readonly PhoneEntry[]): EndpointState[] {
    const changed: EndpointState[] = []
    for (const { endpoint, number, name } of entries) {
      const before = this.#states.get(endpoint)
      if (!before) continue
      const { number: _, name: __, ...rest } = before
      const described: EndpointState = { ...rest, ...(number && { number }), ...(name && { name }) }
      const customs = number ? markDevices(number).flatMap((device) => list(this.custom(device))) : []
      const marks = customs.flatMap((state) => markOf(state) ?? [])
      changed.push(...list(this.#put(marks.reduce(withMark, described))))
    }
    return changed
  }

  /** Custom states that are known, or that would say something of a known number: no list of Asterisk's has them. */
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

  /** A custom state that was asked for when `seen` was known of it; what an event told meanwhile is newer. */
  takeCustom(device: DeviceState, seen: EndpointState | undefined, now: string): EndpointState[] {
    return this.custom(device.name) === seen ? this.#setDevice(device, now) : []
  }

  /** Numbers of which something is set; those are asked for again, since one that was cleared is in no list. */
  withSettings(): string[] {
    return [...new Set(this.all().flatMap((state) => (hasSettings(state) && state.number ? [state.number] : [])))]
  }

  #take(told: Told, at: string): EndpointState[] {
    return this.all().flatMap((state) => {
      if (state.number === undefined) return []
      if (told.what === 'answered') return list(this.#put({ ...state, forwardable: true }))
      return state.number === told.number ? list(this.#put(withSettings(state, told.settings, at))) : []
    })
  }

  /** What REST told. `earlier` is what was known before, whose `since` stands where the state is the same. */
  load(endpoints: Endpoint[], deviceStates: DeviceState[], now: string, earlier?: Endpoints): void {
    for (const { technology, resource, state } of endpoints) {
      this.#put({ ...blank(technology, resource, now), reachability: reachability(state) })
    }
    for (const device of deviceStates) this.#setDevice(device, now)
    // Asked for one by one, after this: until then what was known stands.
    for (const state of earlier?.all() ?? []) if (state.technology === 'Custom') this.#states.set(state.endpoint, state)
    for (const state of this.#states.values()) {
      const before = earlier?.get(state.endpoint)
      if (before) this.#states.set(state.endpoint, carryOver(before, state))
    }
  }

  /** `undefined` for a phone that shows no mailbox any more. */
  setMailbox(endpoint: string, count: MailboxCount | undefined, at: string): EndpointState | undefined {
    const before = this.#states.get(endpoint)
    if (!before || (before.mailbox?.new === count?.new && before.mailbox?.old === count?.old)) return undefined
    const { mailbox: _, ...rest } = before
    const state: EndpointState = count ? { ...rest, mailbox: { ...count, since: at } } : rest
    this.#states.set(endpoint, state)
    return state
  }

  #setDevice({ name, state }: DeviceState, at: string): EndpointState[] {
    const custom = customName(name)
    return custom === undefined ? list(this.#setPhone(name, state, at)) : this.#setCustom(custom, state, at)
  }

  /** `UNKNOWN` is what a custom state is that nobody ever set. */
  #setCustom(resource: string, deviceState: string, at: string): EndpointState[] {
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

/** What REST does not tell, and the times of what is as it was. */
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
