import { type DynamoDBDocumentClient, GetCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { isConditionFailed, keys, timeToLive } from './table.ts'

/** Failed lookups that one caller, and that one student number, may have in a window; then all are refused until its end. */
export const triesMax = 5
/** The first window, from its first failed try on. Each that is used up makes the next one twice as long. */
export const windowMs = 15 * 60_000
/** Eighth window and all after it; and how long after a window's end its length is remembered. */
export const windowMsMax = 24 * 60 * 60_000

type Update = Omit<UpdateCommandInput, 'TableName' | 'Key'>

/** Failed tries of a window; `filled` is how many windows in a row before it were used up. */
const Window = v.looseObject({ tries: v.number(), endsAt: v.number(), filled: v.optional(v.number(), 0) })
type Window = v.InferOutput<typeof Window>

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
   * False if there is none left in this window. `now` is in Unix milliseconds. One write; where a window is over or full a
   * read, and where it is over up to two writes more, since another line may have begun the next one in between.
   */
  async take(site: SiteId, one: Try, now: number): Promise<boolean> {
    if (await this.#takeInWindow(site, one, now)) return true
    const window = await this.#window(site, one.who)
    if (window && window.endsAt > now && window.tries >= triesMax) return false
    return (window && (await this.#beginNext(site, one, window, now))) || this.#takeInWindow(site, one, now)
  }

  #takeInWindow(site: SiteId, { who, isRight }: Try, now: number): Promise<boolean> {
    const filled = isRight ? ':none' : 'if_not_exists(filled, :none)'
    return this.#update(site, who, {
      UpdateExpression: `ADD tries :count SET endsAt = if_not_exists(endsAt, :until), filled = ${filled}, #ttl = :ttl`,
      ConditionExpression: 'attribute_not_exists(endsAt) OR (endsAt > :now AND tries < :max)',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: {
        ':count': isRight ? 0 : 1,
        ':none': 0,
        ':now': now,
        ':until': now + windowMs,
        ':ttl': forgottenAt(now),
        ':max': triesMax,
      },
    })
  }

  /** False if another line was first. */
  #beginNext(site: SiteId, { who, isRight }: Try, last: Window, now: number): Promise<boolean> {
    const isOld = now - last.endsAt >= windowMsMax
    const filled = isRight || isOld ? 0 : last.filled + (last.tries >= triesMax ? 1 : 0)
    return this.#update(site, who, {
      UpdateExpression: 'SET tries = :count, filled = :filled, endsAt = :until, #ttl = :ttl',
      ConditionExpression: 'endsAt = :last AND endsAt <= :now',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: {
        ':count': isRight ? 0 : 1,
        ':filled': filled,
        ':until': now + Math.min(windowMs * 2 ** filled, windowMsMax),
        ':last': last.endsAt,
        ':now': now,
        ':ttl': forgottenAt(now),
      },
    })
  }

  async #window(site: SiteId, who: string): Promise<Window | undefined> {
    const Key = keys.lookupTries(site, who)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item && v.parse(Window, Item)
  }

  /** False if the condition failed. */
  async #update(site: SiteId, who: string, update: Update): Promise<boolean> {
    const Key = keys.lookupTries(site, who)
    try {
      await this.#db.send(new UpdateCommand({ TableName: this.#table, Key, ...update }))
      return true
    } catch (error) {
      if (isConditionFailed(error)) return false
      throw error
    }
  }
}

/** After the longest window that may run now, and the time for which its length counts. */
function forgottenAt(now: number): number {
  return timeToLive(now + 2 * windowMsMax, 60)
}
