import type { Registration } from '../../contracts/facts.ts'

/** More than any PBX has; limits memory if names never repeat. */
const registrationsMax = 1_000

export interface RegistrationReport {
  /** Such as `PJSIP/provider`. */
  endpoint: string
  /** `undefined`: the PBX no longer has the registration. */
  state: Registration['state'] | undefined
}

/**
 * Reads outbound registrations of PJSIP from messages of the Manager Interface: the answers to `PJSIPShowRegistrationsOutbound`,
 * and the event `Registry`, which names a registration by its URIs alone.
 */
export class Registrations {
  /** Endpoint of each registration, by its URIs. */
  #endpoints = new Map<string, string>()
  /** What the list that Asterisk is sending has named so far. */
  #listed = new Map<string, string>()
  /** Endpoints that the last complete list named. */
  #reported = new Set<string>()

  /** Returns what a message says about the registration of an endpoint; undefined for any other message. */
  take(headers: ReadonlyMap<string, string>): RegistrationReport | undefined {
    const field = (name: string) => headers.get(name) ?? ''
    if (field('event') === 'OutboundRegistrationDetail') {
      // Without `endpoint`, which only `line = yes` needs, a registration has the name of its trunk.
      const name = field('endpoint') || field('objectname')
      const uris = `${field('clienturi')} ${field('serveruri')}`
      const hasRoom = this.#endpoints.has(uris) || this.#endpoints.size < registrationsMax
      if (name === '' || !hasRoom) return undefined
      const endpoint = `PJSIP/${name}`
      this.#endpoints.set(uris, endpoint)
      this.#listed.set(uris, endpoint)
      return { endpoint, state: stateOf(field('status')) }
    }
    if (field('event') !== 'Registry') return undefined
    const endpoint = this.#endpoints.get(`${field('username')} ${field('domain')}`)
    return endpoint === undefined ? undefined : { endpoint, state: stateOf(field('status')) }
  }

  /** Returns, at the message that ends a list, a report for each endpoint that the list before named and this one did not. */
  takeEnd(headers: ReadonlyMap<string, string>): RegistrationReport[] {
    if (headers.get('event') !== 'OutboundRegistrationDetailComplete') return []
    const named = new Set(this.#listed.values())
    const gone = [...this.#reported].filter((endpoint) => !named.has(endpoint))
    this.#endpoints = this.#listed
    this.#listed = new Map()
    this.#reported = named
    return gone.map((endpoint) => ({ endpoint, state: undefined }))
  }
}

/** Asterisk also has `Rejected (Temporary)`, `Request Sent`, `Stopped` and others; none of them takes calls. */
export function stateOf(status: string): Registration['state'] {
  if (/^registered$/i.test(status)) return 'registered'
  return /^(rejected|no authentication)/i.test(status) ? 'rejected' : 'unregistered'
}
