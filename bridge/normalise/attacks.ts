import { isIP } from 'node:net'
import type { Attack } from '../../contracts/facts.ts'

/**
 * Asterisk's security events that say that somebody was refused ("Asterisk Security Event Logger"). `ChallengeSent` and
 * `SuccessfulAuth` belong to each registration; `RequestNotAllowed` and `RequestNotSupported` are about somebody who was let in, such as this
 * bridge when its user lacks a right; the limits of Asterisk's load are nobody's guess.
 */
const refusals: ReadonlySet<string> = new Set([
  'AuthMethodNotAllowed',
  'ChallengeResponseFailed',
  'FailedACL',
  'InvalidAccountID',
  'InvalidPassword',
  'InvalidTransport',
  'RequestBadFormat',
  'UnexpectedAddress',
])

/** A phone with an old password is refused once or twice a minute; scanners try many times a second. */
const perMinute = 10
/** Those who wait between guesses are found in an hour, by the accounts that they try: a phone has one, and some have two. */
const perHour = 30
const accountsMin = 3
/** Guesses from many addresses, of which none guesses often. */
const ofAllPerHour = 200
const minuteMs = 60_000
const hourMs = 3_600_000
/** Addresses that are counted, 200 bytes each. Scanners with more addresses count together, as `several`. */
const addressesMax = 1_000
/** Facts of one turn; the others follow in the next. A flood never fills the spool. */
const factsMax = 20
export const severalAddresses = 'several'

interface Tally {
  address: string
  minuteAt: number
  inMinute: number
  hourAt: number
  inHour: number
  /** Since the last fact, or since it was first seen. */
  fromMs: number
  toMs: number
  count: number
  kinds: Map<string, number>
  /** What of it counts among several addresses. */
  shared: Map<string, number>
  /** Accounts that it tried in the hour, up to `accountsMin`. */
  accounts: Set<string>
  isAttack: boolean
  publishedMs: number | undefined
}

/** Counts refused requests by their addresses, and says which of them are attacks: one fact an hour for each address. Pure. */
export class AttackTally {
  readonly #tallies = new Map<string, Tally>()
  readonly #all = newTally(severalAddresses, 0)
  #forgotten = 0

  /** Addresses that are counted now. */
  get size(): number {
    return this.#tallies.size
  }

  /** Takes the headers of an event of the Manager Interface; ignores those that refuse nobody. */
  note(headers: ReadonlyMap<string, string>, nowMs: number): void {
    const kind = headers.get('event') ?? ''
    const address = addressOf(headers.get('remoteaddress') ?? '')
    if (!refusals.has(kind) || address === undefined) return
    const tally = this.#tallies.get(address) ?? newTally(address, nowMs)
    // The address that was seen last is the last of the map.
    this.#tallies.delete(address)
    this.#tallies.set(address, tally)
    add(tally, kind, nowMs)
    add(this.#all, kind, nowMs)
    if (tally.accounts.size < accountsMin) tally.accounts.add(headers.get('accountid') ?? '')
    const isSlow = tally.inHour >= perHour && tally.accounts.size >= accountsMin
    if (tally.inMinute >= perMinute || isSlow) tally.isAttack = true
    // An attack of one address is no attack of several.
    if (tally.isAttack) subtract(this.#all, tally)
    if (this.#tallies.size > addressesMax) this.#forgetOldest()
  }

  /** Returns the attacks that are due, at most twenty. */
  take(nowMs: number): Attack[] {
    const due = [...this.#tallies.values()].filter((tally) => tally.isAttack && isDue(tally, nowMs)).slice(0, factsMax)
    const found = due.map((tally) => published(tally, nowMs, 1))
    this.#forgetQuiet(nowMs)
    if (this.#all.inHour < ofAllPerHour || nowMs - this.#all.hourAt >= hourMs || !isDue(this.#all, nowMs)) return found
    const addresses = [...this.#tallies.values()].filter(({ isAttack }) => !isAttack).length + this.#forgotten
    this.#forgotten = 0
    return [...found, published(this.#all, nowMs, Math.max(1, addresses))]
  }

  #forgetOldest(): void {
    const [oldest] = this.#tallies.keys()
    if (oldest === undefined) return
    this.#tallies.delete(oldest)
    this.#forgotten += 1
  }

  #forgetQuiet(nowMs: number): void {
    for (const [address, { toMs }] of this.#tallies) {
      // The map is in the order of the last events.
      if (nowMs - toMs < 2 * hourMs) return
      this.#tallies.delete(address)
    }
  }
}

function newTally(address: string, nowMs: number): Tally {
  const empty = {
    inMinute: 0,
    inHour: 0,
    count: 0,
    kinds: new Map(),
    shared: new Map(),
    accounts: new Set<string>(),
    isAttack: false,
    publishedMs: undefined,
  }
  return { address, minuteAt: nowMs, hourAt: nowMs, fromMs: nowMs, toMs: nowMs, ...empty }
}

function add(tally: Tally, kind: string, nowMs: number): void {
  if (nowMs - tally.minuteAt >= minuteMs) Object.assign(tally, { minuteAt: nowMs, inMinute: 0 })
  if (nowMs - tally.hourAt >= hourMs) {
    // After an hour without a refusal, the earlier ones of an address no longer make it an attacker.
    if (tally.inHour === 0 || nowMs - tally.toMs >= hourMs) tally.isAttack = false
    Object.assign(tally, { hourAt: nowMs, inHour: 0, accounts: new Set() })
  }
  if (tally.count === 0) tally.fromMs = nowMs
  tally.inMinute += 1
  tally.inHour += 1
  tally.count += 1
  tally.toMs = nowMs
  for (const counts of [tally.kinds, tally.shared]) counts.set(kind, (counts.get(kind) ?? 0) + 1)
}

/** Takes the refusals of an address out of those of all. */
function subtract(all: Tally, { shared }: Tally): void {
  for (const [kind, count] of shared) {
    all.inHour = Math.max(0, all.inHour - count)
    all.count = Math.max(0, all.count - count)
    const left = (all.kinds.get(kind) ?? 0) - count
    if (left > 0) all.kinds.set(kind, left)
    else all.kinds.delete(kind)
  }
  shared.clear()
}

function isDue({ count, publishedMs }: Tally, nowMs: number): boolean {
  return count > 0 && (publishedMs === undefined || nowMs - publishedMs >= hourMs)
}

function published(tally: Tally, nowMs: number, addresses: number): Attack {
  const { address, count, fromMs, toMs, kinds } = tally
  const attack: Attack = {
    address,
    addresses,
    count,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    kinds: Object.fromEntries(kinds),
  }
  Object.assign(tally, { count: 0, publishedMs: nowMs, kinds: new Map() })
  return attack
}

/** Returns the address in `IPV4/UDP/203.0.113.9/5060`; undefined for anything else. */
function addressOf(text: string): string | undefined {
  const [, address = ''] = /^IPV[46]\/[A-Z]+\/([0-9A-Fa-f:.]+)(?:\/\d+)?$/.exec(text) ?? []
  return isIP(address) > 0 ? address : undefined
}
