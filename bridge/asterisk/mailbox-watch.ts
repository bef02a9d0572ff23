import type { MailboxCount } from '../normalise/mailboxes.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { Notifier } from '../operate/wait.ts'
import { type AmiAddress, AmiConnection, AmiUnavailableError } from './ami-connection.ts'
import { AmiHeaderError, type AmiMessage } from './ami-messages.ts'
import { ReconnectPolicy } from './reconnect-policy.ts'

/** Counts that change without an event, for example by hand in Asterisk's voicemail folder, are read again after this. */
const readAgainMs = 300_000
/** An AMI user needs `read = system` to get an event of a registration that changed; the list of all needs no more than the counts. */
const registrationsEveryMs = 30_000
/** Such as `6000@voicemail`; 80 characters is Asterisk's own limit. */
const mailboxPattern = /^[\w.+-]{1,80}@[\w.-]{1,80}$/
/** A phone may show several mailboxes; more than this is a configuration error. */
const mailboxesMax = 20

export interface MailboxWatchDependencies {
  address: AmiAddress
  counters: Counters
  log: Log
  clock?: Clock
  /** Returns the currently known phones, such as `PJSIP/5860`. */
  endpoints(): string[]
  /** Gets the phones that show each mailbox. */
  onOwners(owners: ReadonlyMap<string, readonly string[]>): void
  onCount(mailbox: string, count: MailboxCount): void
  /** Gets the headers of every event that is not about a mailbox; with it, registrations are read too. */
  onOther?(headers: ReadonlyMap<string, string>): void
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

  constructor(dependencies: MailboxWatchDependencies) {
    this.#dependencies = dependencies
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
        if (!(error instanceof AmiUnavailableError)) throw error
        this.#dependencies.counters.add(error.errorId)
        this.#dependencies.log.warn(error.errorId, { reason: describeError(error) })
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
      log.info('ami connected')
      let [readMs, asksRegistrations] = [Number.NEGATIVE_INFINITY, this.#dependencies.onOther !== undefined]
      while (!ended.signal.aborted) {
        // Asterisk answers with one event for each registration; without PJSIP it refuses.
        if (asksRegistrations)
          asksRegistrations = (await this.#ask(connection, { Action: 'PJSIPShowRegistrationsOutbound' })) !== undefined
        const nowMs = this.#clock.monotonicMs()
        if (this.#isDue || nowMs - readMs >= readAgainMs) {
          this.#isDue = false
          readMs = nowMs
          await this.#readAll(connection)
        }
        await this.#notifier.wait(ended.signal, asksRegistrations ? registrationsEveryMs : readAgainMs)
      }
      if (!signal.aborted) log.warn('ami disconnected', { reason: await closed })
    } finally {
      connection.close()
    }
  }

  async #readAll(connection: AmiConnection): Promise<void> {
    const owners = new Map<string, string[]>()
    for (const endpoint of this.#dependencies.endpoints()) {
      for (const mailbox of await this.#mailboxesOf(connection, endpoint)) {
        owners.set(mailbox, [...(owners.get(mailbox) ?? []), endpoint])
      }
    }
    this.#dependencies.onOwners(owners)
    for (const mailbox of owners.keys()) {
      const count = await this.#ask(connection, { Action: 'MailboxCount', Mailbox: mailbox })
      const [fresh, old] = ['newmessages', 'oldmessages'].map((name) => Number(count?.get(name)))
      if (Number.isInteger(fresh) && Number.isInteger(old))
        this.#dependencies.onCount(mailbox, { new: fresh ?? 0, old: old ?? 0 })
    }
  }

  /** Returns the mailboxes of pjsip.conf: of the endpoint itself and of its addresses of record. */
  async #mailboxesOf(connection: AmiConnection, endpoint: string): Promise<string[]> {
    const [technology, resource = ''] = endpoint.split('/')
    if (technology !== 'PJSIP' || /[(),]/.test(resource)) return []
    const own = await this.#variable(connection, `PJSIP_ENDPOINT(${resource},mailboxes)`)
    const aors = await this.#variable(connection, `PJSIP_ENDPOINT(${resource},aors)`)
    const found = [own]
    for (const aor of aors.slice(0, mailboxesMax)) {
      if (!/[(),]/.test(aor)) found.push(await this.#variable(connection, `PJSIP_AOR(${aor},mailboxes)`))
    }
    return [...new Set(found.flat())].filter((mailbox) => mailboxPattern.test(mailbox)).slice(0, mailboxesMax)
  }

  async #variable(connection: AmiConnection, variable: string): Promise<string[]> {
    const value = (await this.#ask(connection, { Action: 'Getvar', Variable: variable }))?.get('value') ?? ''
    return value.split(',').filter((part) => part !== '')
  }

  /** Returns `undefined` for an action that Asterisk refuses, and for a name that cannot be sent. */
  async #ask(connection: AmiConnection, headers: Record<string, string>) {
    try {
      return await connection.ask(headers)
    } catch (error) {
      const isRefused = error instanceof AmiUnavailableError && error.errorId === 'ami-refused'
      if (!isRefused && !(error instanceof AmiHeaderError)) throw error
      this.#dependencies.counters.add(error.errorId)
      return undefined
    }
  }

  #take({ headers, isCut }: AmiMessage): void {
    if (isCut) this.#dependencies.counters.add('ami-message-cut')
    if (headers.get('event') === 'MessageWaiting') this.#takeCount(headers)
    else this.#dependencies.onOther?.(headers)
  }

  #takeCount(headers: ReadonlyMap<string, string>): void {
    const mailbox = headers.get('mailbox') ?? ''
    const [fresh, old] = ['new', 'old'].map((name) => Number(headers.get(name) ?? 0))
    if (!mailboxPattern.test(mailbox) || !Number.isInteger(fresh) || !Number.isInteger(old)) {
      this.#dependencies.counters.add('ami-message-malformed')
      return
    }
    this.#dependencies.onCount(mailbox, { new: fresh ?? 0, old: old ?? 0 })
  }
}
