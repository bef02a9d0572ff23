import type { SwitchhookError } from '../../contracts/errors.ts'
import { isWaitedOut } from '../failure.ts'
import type { MailboxCount, MailboxReading } from '../normalise/mailboxes.ts'
import type { RegistrationReport } from '../normalise/registrations.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { Notifier } from '../operate/wait.ts'
import { type AmiAddress, AmiConnection, AmiUnavailableError } from './ami-connection.ts'
import type { AmiMessage } from './ami-messages.ts'
import { AmiReader } from './ami-reader.ts'
import { ReconnectPolicy } from './reconnect-policy.ts'
import { RegistrationLists } from './registration-lists.ts'

/** Counts that change without an event, for example by hand in Asterisk's voicemail folder, are read again after this. */
const readAgainMs = 300_000
/**
 * Registrations are read again this often, since an AMI user needs `read = system` to get an event of one that changed; and whatever
 * could not be read because Asterisk was away.
 */
const soonAgainMs = 30_000
/** Such as `6000@voicemail`, `60`, or any other text that an external voicemail system knows its mailboxes by. */
const mailboxPattern = /^[^\p{Cc}]{1,200}$/u
/** `60` in pjsip.conf is a mailbox of this context, which Asterisk's events name. */
const defaultContext = '@default'
/** Without these modules, asking would write an error to Asterisk's log. */
const neededModules = ['func_pjsip_endpoint.so', 'func_pjsip_aor.so']
const neededActions = ['Getvar', 'MailboxCount']
/** A phone may show several mailboxes; more than this is a configuration error. */
const mailboxesMax = 20

export interface MailboxWatchDependencies {
  address: AmiAddress
  counters: Counters
  log: Log
  clock?: Clock
  /** Returns the currently known phones, such as `PJSIP/5860`. */
  endpoints(): string[]
  /** Returns whether Asterisk has loaded all of these modules; by default that is taken for granted. */
  hasModules?(names: readonly string[]): Promise<boolean>
  /** Gets how far the mailboxes could be read, after each attempt. */
  onReading?(reading: MailboxReading): void
  /** Gets the phones that show each mailbox. */
  onOwners(owners: ReadonlyMap<string, readonly string[]>): void
  onCount(mailbox: string, count: MailboxCount): void
  /** Gets the headers of every event that is not about a mailbox; with it, registrations of PJSIP are read too. */
  onOther?(headers: ReadonlyMap<string, string>): void
  /** Gets the registrations of chan_sip and chan_iax2; without it, they are not read. */
  onRegistration?(report: RegistrationReport): void
}

/**
 * Reads over the Manager Interface what ARI has no events for: message counts of mailboxes, and the registrations of trunks.
 * Reconnects without end.
 */
export class MailboxWatch {
  readonly #dependencies: MailboxWatchDependencies
  readonly #clock: Clock
  readonly #notifier: Notifier
  #isConnected = false
  #isDue = false
  /** The mailboxes that phones show. */
  #followed: ReadonlySet<string> = new Set()
  readonly reader: AmiReader
  readonly #lists: RegistrationLists | undefined

  constructor(dependencies: MailboxWatchDependencies) {
    this.#dependencies = dependencies
    this.reader = new AmiReader(dependencies.counters, dependencies.log)
    const { onRegistration, hasModules } = dependencies
    this.#lists = onRegistration && new RegistrationLists({ reader: this.reader, hasModules, onRegistration })
    this.#clock = dependencies.clock ?? realClock
    this.#notifier = new Notifier(this.#clock)
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  /** The known phones may have changed: reads their mailboxes again. */
  refresh(): void {
    this.#isDue = true
    this.#notifier.notify()
  }

  async run(signal: AbortSignal): Promise<void> {
    const policy = new ReconnectPolicy(this.#clock.random)
    while (!signal.aborted) {
      const begunMs = this.#clock.monotonicMs()
      try {
        await this.#connection(signal)
      } catch (error) {
        if (!isWaitedOut(error)) throw error
        this.#noteUnread(error)
      } finally {
        this.#isConnected = false
      }
      // A PBX that is back is asked at once: the new connection to ARI calls `refresh`.
      await this.#notifier.wait(signal, policy.nextMs(this.#clock.monotonicMs() - begunMs))
    }
  }

  async #connection(signal: AbortSignal): Promise<void> {
    const { address, log } = this.#dependencies
    const connection = await AmiConnection.open(address, (event) => this.#take(event), signal)
    const ended = new AbortController()
    const closed = connection.closed.then((reason) => {
      ended.abort()
      return reason
    })
    try {
      this.#isConnected = true
      this.reader.use(connection)
      log.info('ami connected')
      let [readMs, hasRegistrations, isRead] = [Number.NEGATIVE_INFINITY, false, false]
      while (!ended.signal.aborted) {
        const nowMs = this.#clock.monotonicMs()
        const isDue = this.#isDue || nowMs - readMs >= readAgainMs
        if (hasRegistrations || isDue) hasRegistrations = await this.#askRegistrations(isDue)
        if (isDue || !isRead) {
          this.#isDue = false
          readMs = nowMs
          isRead = await this.#readAll()
        }
        await this.#notifier.wait(ended.signal, hasRegistrations || !isRead ? soonAgainMs : readAgainMs)
      }
      if (!signal.aborted) log.warn('ami disconnected', { reason: await closed })
    } finally {
      this.reader.use(undefined)
      connection.close()
    }
  }

  #noteUnread(error: SwitchhookError): void {
    const { counters, log, onReading } = this.#dependencies
    log.warn(counters.addError(error), { reason: describeError(error) })
    onReading?.({ kind: 'unread', reason: error.message })
  }

  /** Asterisk answers with one event for each registration. Without PJSIP, and while it boots, it refuses. */
  async #askRegistrations(isDue: boolean): Promise<boolean> {
    const ofPeers = (await this.#lists?.read(isDue)) ?? false
    if (!this.#dependencies.onOther) return ofPeers
    return (await this.reader.ask({ Action: 'PJSIPShowRegistrationsOutbound' })) !== undefined || ofPeers
  }

  /** Returns false if ARI is away, so that what was known of mailboxes stays. Throws AmiUnavailableError. */
  async #readAll(): Promise<boolean> {
    const { hasModules, endpoints } = this.#dependencies
    try {
      const phones = endpoints().filter((endpoint) => endpoint.startsWith('PJSIP/'))
      const isReadable = phones.length === 0 || !hasModules || (await hasModules(neededModules))
      await this.#readMailboxes(isReadable ? phones : [], isReadable)
      return true
    } catch (error) {
      if (!isWaitedOut(error) || error instanceof AmiUnavailableError) throw error
      this.#noteUnread(error)
      return false
    }
  }

  async #readMailboxes(phones: readonly string[], isReadable: boolean): Promise<void> {
    const { onOwners, onReading } = this.#dependencies
    const owners = new Map<string, string[]>()
    const unfollowed: string[] = []
    for (const endpoint of phones) {
      const named = await this.#mailboxesOf(endpoint)
      const usable = named.filter((mailbox) => mailboxPattern.test(mailbox)).slice(0, mailboxesMax)
      unfollowed.push(...named.filter((mailbox) => !usable.includes(mailbox)))
      for (const mailbox of usable) owners.set(mailbox, [...(owners.get(mailbox) ?? []), endpoint])
    }
    this.#followed = new Set(owners.keys())
    onOwners(owners)
    for (const mailbox of owners.keys()) {
      const headers = await this.reader.ask({ Action: 'MailboxCount', Mailbox: mailbox })
      // The lamp of a phone burns for urgent messages too; Asterisk counts them apart.
      const fresh = countIn(headers, 'newmessages')
      const urgent = countIn(headers, 'urgmessages') ?? 0
      const old = countIn(headers, 'oldmessages')
      if (fresh === undefined || old === undefined) unfollowed.push(mailbox)
      else this.#dependencies.onCount(mailbox, { new: fresh + urgent, old })
    }
    const denied = neededActions.filter((action) => this.reader.isDenied(action))
    if (!isReadable) onReading?.({ kind: 'no-modules', modules: neededModules })
    else if (denied.length > 0) onReading?.({ kind: 'denied', actions: denied })
    else onReading?.({ kind: 'read', unfollowed })
  }

  /** Returns the mailboxes as pjsip.conf has them: of the endpoint itself and of its addresses of record. */
  async #mailboxesOf(endpoint: string): Promise<string[]> {
    const [technology, resource = ''] = endpoint.split('/')
    if (technology !== 'PJSIP' || /[(),]/.test(resource)) return []
    const own = await this.#variable(`PJSIP_ENDPOINT(${resource},mailboxes)`)
    const aors = await this.#variable(`PJSIP_ENDPOINT(${resource},aors)`)
    const found = [own]
    for (const aor of aors.slice(0, mailboxesMax)) {
      if (!/[(),]/.test(aor)) found.push(await this.#variable(`PJSIP_AOR(${aor},mailboxes)`))
    }
    return [...new Set(found.flat())]
  }

  async #variable(variable: string): Promise<string[]> {
    const value = (await this.reader.variable(variable)) ?? ''
    return value.split(',').flatMap((part) => part.trim() || [])
  }

  #take({ headers, isCut }: AmiMessage): void {
    if (isCut) this.#dependencies.counters.add('ami-message-cut')
    if (headers.get('event') === 'MessageWaiting') this.#takeCount(headers)
    else if (!this.#lists?.take(headers)) this.#dependencies.onOther?.(headers)
  }

  #takeCount(headers: ReadonlyMap<string, string>): void {
    const mailbox = headers.get('mailbox') ?? ''
    const [fresh, old] = [countIn(headers, 'new', 0), countIn(headers, 'old', 0)]
    if (!mailboxPattern.test(mailbox) || fresh === undefined || old === undefined) {
      this.#dependencies.counters.add('ami-message-malformed')
      return
    }
    this.#dependencies.onCount(mailbox, { new: fresh, old })
    const bare = mailbox.endsWith(defaultContext) ? mailbox.slice(0, -defaultContext.length) : undefined
    if (bare !== undefined && this.#followed.has(bare)) this.#dependencies.onCount(bare, { new: fresh, old })
  }
}

/** Returns a number of messages, `missing` if there is no such header, and `undefined` for anything that is no number of messages. */
function countIn(headers: ReadonlyMap<string, string> | undefined, name: string, missing?: number): number | undefined {
  const text = headers?.get(name)
  if (text === undefined) return missing
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
