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

/** A pace is sent again long before the bridge's own pace expires. */
const againMs = paceHoldsMs / 3
/** A command that waits longer than this is out of date. */
const deadlineMs = 60_000
/** A larger part of throttled posts shows that the account has less capacity than its quota. */
const throttledPartMax = 0.05
const factorMax = 8
const easeMs = 60_000
/** Sites that one process remembers. When there are more, it forgets them all and sends each pace again. */
const sitesMax = 10_000

interface SentPace {
  paceMs: number
  at: number
  /** Doubles while posts are throttled. */
  factor: number
  throttledAt: number
}

/** Returns milliseconds between two messages, so that pushing them to all subscribers takes half the account's posts at most. */
export function paceFor(subscribers: number, factor = 1): number {
  return Math.max(paceMsMin, Math.min(60_000, Math.ceil((factor * subscribers * 1_000) / postsPerSecondMax)))
}

/** Asks bridges for fewer messages while they have many subscribers or posts are throttled. */
export class Pacing {
  readonly #dependencies: PacingDependencies
  readonly #sent = new Map<SiteId, SentPace>()

  constructor(dependencies: PacingDependencies) {
    this.#dependencies = dependencies
  }

  /** Returns the pace that the site should keep after a fan-out, and sends it to the bridge if it has changed. */
  async adjust(site: SiteId, { subscribers, sent, throttled }: FanOutCount, now: number): Promise<number> {
    const known = this.#sent.get(site) ?? { paceMs: paceMsMin, at: 0, factor: 1, throttledAt: 0 }
    const isThrottled = throttled > throttledPartMax * (sent + throttled)
    const isEased = now - known.throttledAt > easeMs
    const easedFactor = isEased ? Math.max(1, known.factor / 2) : known.factor
    const factor = isThrottled ? Math.min(factorMax, known.factor * 2) : easedFactor
    const throttledAt = isThrottled || factor < known.factor ? now : known.throttledAt
    const paceMs = paceFor(subscribers, factor)
    const hasChanged = Math.abs(paceMs - known.paceMs) > known.paceMs / 5
    const isDue = hasChanged || (paceMs > paceMsMin && now - known.at > againMs)
    if (this.#sent.size > sitesMax) this.#sent.clear()
    const isSent = isDue && (await this.#send(site, paceMs, now))
    this.#sent.set(site, {
      ...(isSent ? { paceMs, at: now } : { paceMs: known.paceMs, at: known.at }),
      factor,
      throttledAt,
    })
    return paceMs
  }

  async #send(site: SiteId, paceMs: number, now: number): Promise<boolean> {
    try {
      const row = await this.#dependencies.sites.find(site)
      if (!row?.commandQueue) return false
      const command = { command: 'pace' as const, paceMs, ...commandTimes(now, now + deadlineMs) }
      const body = signCommand(site, command, await this.#dependencies.signingKey())
      await this.#dependencies.commands.send(row.commandQueue.url, body)
      logOutcome('info', 'pace-sent', { site, paceMs })
      return true
    } catch (error) {
      // The push itself succeeded. The next fan-out sends the pace again.
      logOutcome('warn', 'pace-not-sent', { site, error: describeError(error) })
      return false
    }
  }
}
