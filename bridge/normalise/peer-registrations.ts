import { type RegistrationReport, stateOf } from './registrations.ts'

/** More than any PBX has; limits memory. */
const entriesMax = 1_000
/** The worst of several accounts at one provider decides: calls to that number do not arrive. */
const worst = ['registered', 'unregistered', 'rejected'] as const

interface Peer {
  name: string
  /** As the configuration names it, and its addresses. */
  hosts: Set<string>
  port: string
}
interface Entry {
  host: string
  port: string
  state: (typeof worst)[number]
}

/**
 * Registrations of chan_sip or chan_iax2 at providers. Asterisk lists them by host and account alone, so the peer of a trunk is found
 * by its name, its configured host or its address: `SIPshowregistry` and `SIPpeers`, `IAXregistry` and `IAXpeerlist`.
 */
export class PeerRegistrations {
  readonly #technology: 'SIP' | 'IAX2'
  readonly #peers = new Map<string, Peer>()
  #entries: Entry[] = []
  #reported = new Set<string>()

  constructor(technology: 'SIP' | 'IAX2') {
    this.#technology = technology
  }

  /** Peers with an address of their own, which may be trunks. */
  get peers(): readonly string[] {
    return [...this.#peers.keys()]
  }

  /** Registrations of the list that is being read. */
  get count(): number {
    return this.#entries.length
  }

  /** Another list of peers begins. */
  clearPeers(): void {
    this.#peers.clear()
  }

  /** Takes an event of either list; returns false for any other. */
  take(headers: ReadonlyMap<string, string>): boolean {
    const field = (name: string) => headers.get(name) ?? ''
    if (field('event') === 'PeerEntry') {
      const name = field('objectname')
      const isFixed = /^no?$/i.test(field('dynamic')) && name !== '' && this.#peers.size < entriesMax
      const port = field('ipport') || field('port')
      if (isFixed) this.#peers.set(name, { name, hosts: new Set([field('ipaddress').toLowerCase()]), port })
      return true
    }
    if (field('event') !== 'RegistryEntry') return false
    // chan_iax2 has the port behind the address.
    const [, host = field('host'), own] = /^(.*):(\d+)$/.exec(field('host')) ?? []
    const entry = {
      host: host.replace(/^\[|\]$/g, '').toLowerCase(),
      port: own ?? field('port'),
      state: stateOf(field('state')),
    }
    if (this.#entries.length < entriesMax) this.#entries.push(entry)
    return true
  }

  /** Adds the host that the configuration of a peer names. */
  setHost(name: string, host: string): void {
    if (host !== '') this.#peers.get(name)?.hosts.add(host.toLowerCase())
  }

  /** The list of registrations is complete: returns one report a trunk, and one for each that has none any more. */
  complete(): RegistrationReport[] {
    const states = new Map<string, Entry['state']>()
    for (const entry of this.#entries) {
      for (const { name } of this.#peersOf(entry)) {
        const endpoint = `${this.#technology}/${name}`
        const before = states.get(endpoint) ?? 'registered'
        states.set(endpoint, worst.indexOf(entry.state) > worst.indexOf(before) ? entry.state : before)
      }
    }
    const gone = [...this.#reported].filter((endpoint) => !states.has(endpoint))
    this.#entries = []
    this.#reported = new Set(states.keys())
    return [
      ...[...states].map(([endpoint, state]) => ({ endpoint, state })),
      ...gone.map((endpoint) => ({ endpoint, state: undefined })),
    ]
  }

  /** `register => account@provider` may name the peer itself. Of peers with one host, those with the port of the registration. */
  #peersOf({ host, port }: Entry): Peer[] {
    const all = [...this.#peers.values()]
    const named = all.filter(({ name }) => name.toLowerCase() === host)
    if (named.length > 0) return named
    const there = all.filter(({ hosts }) => hosts.has(host))
    const same = there.filter((peer) => peer.port === port)
    return same.length > 0 ? same : there
  }
}
