import { type DynamoDBDocumentClient, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb'
import type { SiteId } from '../../contracts/names.ts'
import { isConditionFailed, keys, timeToLive } from './table.ts'

/** Failed lookups that one caller, and that one student number, may have in a window; then all are refused until its end. */
export const triesMax = 5
/** From the first failed try on. */
export const windowMs = 15 * 60_000

type Update = Omit<UpdateCommandInput, 'TableName' | 'Key'>

/**
 * Tries against guessing, of a caller or a student number, known by fingerprint only. A try is taken before the answer is
 * known and given back if it was right, so that fifty lines at once have no more tries than one.
 */
export class LookupTries {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /**
   * False if there is none left in this window. `now` is in Unix milliseconds. One write; two where a window is over; three
   * where it is full, since another line may have begun the next one between the first two.
   */
  async take(site: SiteId, who: string, now: number): Promise<boolean> {
    return (
      (await this.#takeInWindow(site, who, now)) ||
      (await this.#beginNext(site, who, now)) ||
      (await this.#takeInWindow(site, who, now))
    )
  }

  #takeInWindow(site: SiteId, who: string, now: number): Promise<boolean> {
    const until = now + windowMs
    return this.#update(site, who, {
      UpdateExpression: 'ADD tries :one SET endsAt = if_not_exists(endsAt, :until), #ttl = if_not_exists(#ttl, :ttl)',
      ConditionExpression: 'attribute_not_exists(endsAt) OR (endsAt > :now AND tries < :max)',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: {
        ':one': 1,
        ':now': now,
        ':until': until,
        ':ttl': timeToLive(until, 60),
        ':max': triesMax,
      },
    })
  }

  #beginNext(site: SiteId, who: string, now: number): Promise<boolean> {
    const until = now + windowMs
    return this.#update(site, who, {
      UpdateExpression: 'SET tries = :one, endsAt = :until, #ttl = :ttl',
      ConditionExpression: 'endsAt <= :now',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':one': 1, ':now': now, ':until': until, ':ttl': timeToLive(until, 60) },
    })
  }

  async giveBack(site: SiteId, who: string): Promise<void> {
    await this.#update(site, who, {
      UpdateExpression: 'ADD tries :back',
      ConditionExpression: 'tries > :none',
      ExpressionAttributeValues: { ':back': -1, ':none': 0 },
    })
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
