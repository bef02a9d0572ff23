import type { EndpointState, Reachability } from '../../contracts/facts.ts'
import { type DeviceState, type Endpoint, utc } from './ari-objects.ts'
import type { AriEvent } from './events.ts'
import type { MailboxCount } from './mailboxes.ts'

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

  apply(event: AriEvent, now: string): EndpointState | undefined {
    if (event.type === 'DeviceStateChanged') return this.#setDevice(event.device_state, utc(event.timestamp, now))
    if (event.type === 'PeerStatusChange' || event.type === 'ContactStatusChange') {
      return this.#setReachable(event.endpoint, utc(event.timestamp, now))
    }
    return undefined
  }

  /** What REST told. `earlier` is what was known before, whose `since` stands where the state is the same. */
  load(endpoints: Endpoint[], deviceStates: DeviceState[], now: string, earlier?: Endpoints): void {
    for (const { technology, resource, state } of endpoints) {
      this.#put({ ...blank(technology, resource, now), reachability: reachability(state) })
    }
    for (const device of deviceStates) this.#setDevice(device, now)
    for (const state of this.#states.values()) {
      const before = earlier?.get(state.endpoint)
      if (!before) continue
      const since = before.deviceState === state.deviceState ? before.since : state.since
      // ARI does not tell of messages: what is known of them stands until AMI tells otherwise.
      this.#states.set(state.endpoint, { ...state, since, ...(before.mailbox && { mailbox: before.mailbox }) })
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

  #setDevice({ name, state }: DeviceState, at: string): EndpointState | undefined {
    const [technology = '', resource = ''] = split(name)
    const known = this.#states.get(name)
    if (!known && (resource === '' || !deviceTechnologies.has(technology))) return undefined
    const before = known ?? blank(technology, resource, at)
    return this.#put({
      ...before,
      deviceState: state,
      reachability: deviceReachability(state) ?? before.reachability,
      since: before.deviceState === state ? before.since : at,
    })
  }

  #setReachable({ technology, resource, state }: Endpoint, at: string): EndpointState | undefined {
    if (!deviceTechnologies.has(technology)) return undefined
    const before = this.#states.get(`${technology}/${resource}`) ?? blank(technology, resource, at)
    return this.#put({ ...before, reachability: reachability(state) })
  }

  #put(state: EndpointState): EndpointState | undefined {
    const before = this.#states.get(state.endpoint)
    if (!before && this.#states.size >= endpointsMax) return undefined
    if (before && before.deviceState === state.deviceState && before.reachability === state.reachability)
      return undefined
    this.#states.set(state.endpoint, state)
    return state
  }
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
