import type { KeyObject } from 'node:crypto'
import { commandTimes, signCommand } from '../../../contracts/commands.ts'
import { paceHoldsMs, paceMsMin, postsPerSecondMax } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { FanOutCount } from '../fan-out/fan-out.ts'

export interface PacingDependencies {
  sites: { find(site: SiteId): Promise<{ commandQueue?: { url: string } | undefined } | undefined> }
  commands: { send(url: string, body: string): Promise<void> }
  signingKey(): Promise<KeyObject>
}

/** Told anew well before the bridge forgets it. */
const againMs = paceHoldsMs / 3
/** A command that waits longer than this says how it was, not how it is. */
const deadlineMs = 60_000
/** So many of the tries throttled say that the account has less to give than its quota. */
const throttledPartMax = 0.05
const factorMax = 8
const easeMs = 60_000
/** Sites that a warm function remembers; beyond, all are told anew. */
const sitesMax = 10_000

interface Told {
  paceMs: number
  at: number
  /** Raised while posts are throttled. */
  factor: number
  throttledAt: number
}

/** Milliseconds between two messages, so that telling so many takes half the account's posts at the most. */
export function paceFor(subscribers: number, factor = 1): number {
  return Math.max(paceMsMin, Math.min(60_000, Math.ceil((factor * subscribers * 1_000) / postsPerSecondMax)))
}

/** Asks bridges for fewer messages while their subscribers are many, or posts are throttled. */
export class Pacing {
  readonly #parts: PacingDependencies
  readonly #told = new Map<SiteId, Told>()

  constructor(parts: PacingDependencies) {
    this.#parts = parts
  }

  /** After a fan-out; answers the pace that the site should keep. What cannot be told now is told after the next. */
  async adjust(site: SiteId, { subscribers, sent, throttled }: FanOutCount, now: number): Promise<number> {
    const known = this.#told.get(site) ?? { paceMs: paceMsMin, at: 0, factor: 1, throttledAt: 0 }
    const isThrottled = throttled > throttledPartMax * (sent + throttled)
    const factor = isThrottled
      ? Math.min(factorMax, known.factor * 2)
      : now - known.throttledAt > easeMs
        ? Math.max(1, known.factor / 2)
        : known.factor
    const throttledAt = isThrottled || factor < known.factor ? now : known.throttledAt
    const paceMs = paceFor(subscribers, factor)
    const isOther = Math.abs(paceMs - known.paceMs) > known.paceMs / 5
    const isDue = isOther || (paceMs > paceMsMin && now - known.at > againMs)
    if (this.#told.size > sitesMax) this.#told.clear()
    const isTold = isDue && (await this.#tell(site, paceMs, now))
    this.#told.set(site, {
      ...(isTold ? { paceMs, at: now } : { paceMs: known.paceMs, at: known.at }),
      factor,
      throttledAt,
    })
    return paceMs
  }

  async #tell(site: SiteId, paceMs: number, now: number): Promise<boolean> {
    try {
      const row = await this.#parts.sites.find(site)
      if (!row?.commandQueue) return false
      const command = { command: 'pace' as const, paceMs, ...commandTimes(now, now + deadlineMs) }
      const body = signCommand(site, command, await this.#parts.signingKey())
      await this.#parts.commands.send(row.commandQueue.url, body)
      logOutcome('info', 'pace-told', { site, paceMs })
      return true
    } catch (error) {
      // Presence went out; only how often it may is not known to the bridge yet.
      logOutcome('warn', 'pace-untold', { site, error: describeError(error) })
      return false
    }
  }
}
