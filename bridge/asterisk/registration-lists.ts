import { isWaitedOut } from '../failure.ts'
import { PeerRegistrations } from '../normalise/peer-registrations.ts'
import type { RegistrationReport } from '../normalise/registrations.ts'
import { AmiUnavailableError } from './ami-connection.ts'
import type { AmiReader } from './ami-reader.ts'

const sip = { technology: 'SIP', module: 'chan_sip.so', registrations: 'SIPshowregistry', peers: 'SIPpeers' } as const
const iax = { technology: 'IAX2', module: 'chan_iax2.so', registrations: 'IAXregistry', peers: 'IAXpeerlist' } as const
type Driver = (typeof drivers)[number]
const drivers = [sip, iax] as const
/** Peers whose host is asked for, one action each: trunks, since phones have no host. */
const hostsMax = 100

export interface RegistrationListsDependencies {
  reader: Pick<AmiReader, 'ask' | 'list'>
  /** Returns whether Asterisk has loaded all of these modules; by default that is taken for granted. */
  hasModules?: ((names: readonly string[]) => Promise<boolean>) | undefined
  onRegistration(report: RegistrationReport): void
}

/** Reads the registrations of chan_sip and chan_iax2, where Asterisk has these drivers, by lists of the Manager Interface. */
export class RegistrationLists {
  readonly #dependencies: RegistrationListsDependencies
  readonly #registrations = new Map(drivers.map((driver) => [driver, new PeerRegistrations(driver.technology)]))
  readonly #loaded = new Set<Driver>()
  readonly #known = new Set<Driver>()
  /** The driver whose lists are being read: no event names it. */
  #reading: Driver | undefined

  constructor(dependencies: RegistrationListsDependencies) {
    this.#dependencies = dependencies
  }

  /** Takes an event of the list that is being read; returns false for any other. */
  take(headers: ReadonlyMap<string, string>): boolean {
    return this.#reading !== undefined && (this.#registrations.get(this.#reading)?.take(headers) ?? false)
  }

  /**
   * Reads all lists; those of modules and peers only if `isDue`, or before the first registration is known. Returns whether there is
   * a registration.
   */
  async read(isDue: boolean): Promise<boolean> {
    let hasAny = false
    for (const driver of drivers) {
      if (isDue) await this.#look(driver)
      if (this.#loaded.has(driver) && (await this.#readDriver(driver, isDue))) hasAny = true
    }
    return hasAny
  }

  /** Asterisk refuses the actions of a driver that is not loaded, and writes that into its log. */
  async #look(driver: Driver): Promise<void> {
    const { hasModules } = this.#dependencies
    try {
      if (!hasModules || (await hasModules([driver.module]))) this.#loaded.add(driver)
      else this.#loaded.delete(driver)
    } catch (error) {
      // ARI is away: what was known is kept.
      if (!isWaitedOut(error) || error instanceof AmiUnavailableError) throw error
    }
  }

  async #readDriver(driver: Driver, isDue: boolean): Promise<boolean> {
    const { reader, onRegistration } = this.#dependencies
    const registrations = this.#registrations.get(driver)
    if (!registrations) return false
    this.#reading = driver
    try {
      const end = await reader.list({ Action: driver.registrations }, 'RegistrationsComplete')
      if (!end) return false
      const hasAny = registrations.count > 0
      if (hasAny && (isDue || !this.#known.has(driver))) await this.#readPeers(driver, registrations)
      for (const report of registrations.complete()) onRegistration(report)
      return hasAny
    } finally {
      this.#reading = undefined
    }
  }

  async #readPeers(driver: Driver, registrations: PeerRegistrations): Promise<void> {
    const { reader } = this.#dependencies
    registrations.clearPeers()
    if (!(await reader.list({ Action: driver.peers }, 'PeerlistComplete'))) return
    this.#known.add(driver)
    if (driver !== sip) return
    for (const peer of registrations.peers.slice(0, hostsMax)) {
      registrations.setHost(peer, (await reader.ask({ Action: 'SIPshowpeer', Peer: peer }))?.get('tohost') ?? '')
    }
  }
}
