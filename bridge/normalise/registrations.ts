import type { Registration } from '../../contracts/facts.ts'

/** More than any PBX has; limits memory if names never repeat. */
const registrationsMax = 1_000

export interface RegistrationReport {
  /** Such as `PJSIP/provider`. */
  endpoint: string
  state: Registration['state']
}

/**
 * Reads outbound registrations of PJSIP from messages of the Manager Interface: the answers to `PJSIPShowRegistrationsOutbound`,
 * and the event `Registry`, which names a registration by its URIs alone.
 */
export class Registrations {
  /** Endpoint of each registration, by its URIs. */
  readonly #endpoints = new Map<string, string>()

  /** Returns what a message says about the registration of an endpoint; undefined for any other message. */
  take(headers: ReadonlyMap<string, string>): RegistrationReport | undefined {
    const field = (name: string) => headers.get(name) ?? ''
    if (field('event') === 'OutboundRegistrationDetail') {
      // Without `endpoint`, which only `line = yes` needs, a registration has the name of its trunk.
      const name = field('endpoint') || field('objectname')
      if (name === '' || this.#endpoints.size >= registrationsMax) return undefined
      const endpoint = `PJSIP/${name}`
      this.#endpoints.set(`${field('clienturi')} ${field('serveruri')}`, endpoint)
      return { endpoint, state: stateOf(field('status')) }
    }
    if (field('event') !== 'Registry') return undefined
    const endpoint = this.#endpoints.get(`${field('username')} ${field('domain')}`)
    return endpoint === undefined ? undefined : { endpoint, state: stateOf(field('status')) }
  }
}

/** Asterisk also has `Rejected (Temporary)`, `Unregistering`, `Stopped` and others; none of them takes calls. */
function stateOf(status: string): Registration['state'] {
  if (/^registered$/i.test(status)) return 'registered'
  return /^rejected/i.test(status) ? 'rejected' : 'unregistered'
}
