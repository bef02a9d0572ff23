import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { timeToLive } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

/** Failed lookups in a window, of one caller and of one student number. After that, all lookups are refused until the window ends. */
export const triesMax = 5
/** Length of the first window, from its first failed try on. Each window that is used up makes the next one twice as long. */
export const windowMs = 15 * 60_000
/** Length of the eighth window and all later ones; and how long after its end a window still lengthens the next one. */
export const windowMsMax = 24 * 60 * 60_000

/** How many lookups may fail in a window, how long the first window is, and how long it may become. */
export interface TryLimit {
  triesMax: number
  windowMs: number
  windowMsMax: number
}
/** For one caller, and for one student number. */
export const personLimit: TryLimit = { triesMax, windowMs, windowMsMax }
/**
 * For all lookups of a site: callers who change their number get no more. Of 1,000 calls in the hour after an exam, 60 may mistype
 * a number; without PINs, 60 failures find few marks where numbers are sparse.
 */
export const siteLimit: TryLimit = { triesMax: 60, windowMs: 3_600_000, windowMsMax: 3_600_000 }

/** Failed tries in a window; `filled` is how many windows in a row before it were used up. */
export const Window = v.looseObject({ tries: v.number(), endsAt: v.number(), filled: v.optional(v.number(), 0) })
export type Window = v.InferOutput<typeof Window>

/** Returns true if the window has no try left. It then stays full until it ends. */
export function isFull(window: Window | undefined, now: number, limit = personLimit): boolean {
  return window !== undefined && window.endsAt > now && window.tries >= limit.triesMax
}

/** `who` is a fingerprint. A right lookup costs no try and makes the next window a first one. */
export interface Try {
  who: string
  isRight: boolean
  /** `personLimit` if absent. */
  limit?: TryLimit
}

/**
 * Limits how often a caller, or anyone for one student number, may guess a PIN. A right and a wrong lookup make the same
 * reads and writes, and the caller gets an answer only after the write. So fifty concurrent calls have no more tries than
 * one: each lookup that is written after the fifth wrong one is refused, right or wrong.
 */
export class LookupTries extends Store {
  /**
   * Takes a try and returns true; false if the window is full. `seen` is the window as it was read, `now` is in Unix
   * milliseconds. Costs one write, or nothing if the window was seen full. If a concurrent lookup changed the window, it is
   * read and written again. That happens when the window has become full or a new one has begun, so the loop ends.
   */
  async take(site: SiteId, one: Try, now: number, seen: Window | undefined): Promise<boolean> {
    let window = seen
    while (!isFull(window, now, one.limit)) {
      const running = window && window.endsAt > now ? window : undefined
      if (await (running ? this.#count(site, one, running) : this.#begin(site, one, window, now))) return true
      window = await this.table.get(Window, keys.lookupTries(site, one.who), 'consistent')
    }
    return false
  }

  /** Returns false if the window is full, or another one has begun. */
  #count(site: SiteId, { who, isRight, limit = personLimit }: Try, { endsAt }: Window): Promise<boolean> {
    return this.table.update(keys.lookupTries(site, who), {
      update: isRight ? 'SET filled = :n' : 'ADD tries :n',
      condition: 'endsAt = :endsAt AND tries < :max',
      values: { n: isRight ? 0 : 1, endsAt, max: limit.triesMax },
    })
  }

  /** Returns false if a concurrent lookup has begun a window first. */
  #begin(
    site: SiteId,
    { who, isRight, limit = personLimit }: Try,
    last: Window | undefined,
    now: number,
  ): Promise<boolean> {
    const isFirst = !last || isRight || now - last.endsAt >= limit.windowMsMax
    const filled = isFirst ? 0 : last.filled + (last.tries >= limit.triesMax ? 1 : 0)
    return this.table.update(keys.lookupTries(site, who), {
      update: 'SET tries = :tries, filled = :filled, endsAt = :until, #ttl = :ttl',
      condition: last ? 'endsAt = :last' : 'attribute_not_exists(endsAt)',
      values: {
        tries: isRight ? 0 : 1,
        filled,
        until: now + Math.min(limit.windowMs * 2 ** filled, limit.windowMsMax),
        // The longest window, and then the time in which it still lengthens the next one.
        ttl: timeToLive(now + 2 * limit.windowMsMax, 60),
        ...(last && { last: last.endsAt }),
      },
    })
  }
}
