import { type DynamoDBDocumentClient, GetCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { timeToLive, unlessConditionFailed } from './table.ts'
import { keys } from './table-keys.ts'

/** Failed lookups that one caller, and that one student number, may have in a window; then all are refused until its end. */
export const triesMax = 5
/** The first window, from its first failed try on. Each that is used up makes the next one twice as long. */
export const windowMs = 15 * 60_000
/** Eighth window and all after it; and how long after a window's end its length is remembered. */
export const windowMsMax = 24 * 60 * 60_000

/** Failed tries of a window; `filled` is how many windows in a row before it were used up. */
export const Window = v.looseObject({ tries: v.number(), endsAt: v.number(), filled: v.optional(v.number(), 0) })
export type Window = v.InferOutput<typeof Window>

/** Once it is so, it stays so until the window's end. */
export function isFull(window: Window | undefined, now: number): boolean {
  return window !== undefined && window.endsAt > now && window.tries >= triesMax
}

/** Whose it is, by fingerprint; and whether it was right, which costs no try and makes the next window a first one. */
export interface Try {
  who: string
  isRight: boolean
}

/**
 * Tries against guessing, of a caller or a student number. Right and wrong are counted by the same reads and writes, and
 * nothing is told before, so that fifty lines at once have no more tries than one: whoever is written after the fifth wrong
 * one is refused, right or wrong.
 */
export class LookupTries {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /**
   * False if there is none left in this window. `seen` is the window as it was read, `now` in Unix milliseconds. One write, and
   * none if it was seen full; where another line came between, a read and a write more for each time that one did: by then
   * the window is full or another has begun, and that happens no more than once a window, so that it ends.
   */
  async take(site: SiteId, one: Try, now: number, seen: Window | undefined): Promise<boolean> {
    let window = seen
    while (!isFull(window, now)) {
      const running = window && window.endsAt > now ? window : undefined
      if (await (running ? this.#count(site, one, running) : this.#begin(site, one, window, now))) return true
      window = await this.#window(site, one.who)
    }
    return false
  }

  /** False if the window is full, or another has begun. */
  #count(site: SiteId, { who, isRight }: Try, { endsAt }: Window): Promise<boolean> {
    return this.#update(site, who, {
      UpdateExpression: isRight ? 'SET filled = :n' : 'ADD tries :n',
      ConditionExpression: 'endsAt = :endsAt AND tries < :max',
      ExpressionAttributeValues: { ':n': isRight ? 0 : 1, ':endsAt': endsAt, ':max': triesMax },
    })
  }

  /** False if another line was first. */
  #begin(site: SiteId, { who, isRight }: Try, last: Window | undefined, now: number): Promise<boolean> {
    const isFirst = !last || isRight || now - last.endsAt >= windowMsMax
    const filled = isFirst ? 0 : last.filled + (last.tries >= triesMax ? 1 : 0)
    return this.#update(site, who, {
      UpdateExpression: 'SET tries = :tries, filled = :filled, endsAt = :until, #ttl = :ttl',
      ConditionExpression: last ? 'endsAt = :last' : 'attribute_not_exists(endsAt)',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: {
        ':tries': isRight ? 0 : 1,
        ':filled': filled,
        ':until': now + Math.min(windowMs * 2 ** filled, windowMsMax),
        // Kept after the longest window that may run now, and the time for which its length counts.
        ':ttl': timeToLive(now + 2 * windowMsMax, 60),
        ...(last && { ':last': last.endsAt }),
      },
    })
  }

  #update(site: SiteId, who: string, update: Omit<UpdateCommandInput, 'TableName' | 'Key'>): Promise<boolean> {
    const Key = keys.lookupTries(site, who)
    return unlessConditionFailed(this.#db.send(new UpdateCommand({ TableName: this.#table, Key, ...update })))
  }

  async #window(site: SiteId, who: string): Promise<Window | undefined> {
    const Key = keys.lookupTries(site, who)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item && v.parse(Window, Item)
  }
}
