import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { type Placed, PlacedResult, PlacedStage } from '../../contracts/placed.ts'
import { type Change, ifAbsent, setFields, timeToLive } from './expressions.ts'
import { OpenCalls } from './open-calls.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const PlacedRow = v.looseObject({
  stage: PlacedStage,
  result: v.optional(PlacedResult),
  corrections: v.optional(v.number()),
  cause: v.optional(v.number()),
  sipCode: v.optional(v.number()),
  endpoint: v.string(),
  /** The requested number in canonical form, and the digits that the dial plan dials. */
  to: v.string(),
  dial: v.string(),
  callerId: v.optional(v.string()),
  ringSeconds: v.number(),
  metadata: v.optional(v.record(v.string(), v.string())),
  keyId: v.string(),
  /** The key whose caps the call counts against, if it is another one. */
  quotaKey: v.optional(v.string()),
  /** Unix milliseconds. */
  issuedAt: v.number(),
  deadline: v.number(),
  endedAt: v.optional(v.string()),
  /** Version of the newest fact that was applied. */
  v: v.optional(v.string()),
})
export type PlacedRow = v.InferOutput<typeof PlacedRow>

const KeyRow = v.looseObject({ hash: v.string(), call: v.string(), at: v.number() })
export type IdempotencyRow = v.InferOutput<typeof KeyRow>

const daySeconds = 86_400
/** A call that never rang has no CDR, but can be read by its id for this long. */
const keptDaysMin = 30
const Ended = v.looseObject({ keyId: v.string(), quotaKey: v.optional(v.string()) })

/** Stores the calls placed through the API, and the idempotency keys of their requests. */
export class PlacedCallStore extends Store {
  readonly #open: OpenCalls
  constructor(db: DynamoDBDocumentClient, tableName: string) {
    super(db, tableName)
    this.#open = new OpenCalls(db, tableName)
  }

  async findKey(site: SiteId, keyId: string, sha256: string, now: number): Promise<IdempotencyRow | undefined> {
    const row = await this.table.get(KeyRow, keys.idempotency(site, keyId, sha256), 'consistent')
    // DynamoDB deletes expired items hours late; a key can be used again after a day.
    return row && now - row.at < daySeconds * 1000 ? row : undefined
  }

  /** Returns false if another request has used the idempotency key within a day. */
  async claimKey(site: SiteId, keyId: string, sha256: string, row: IdempotencyRow): Promise<boolean> {
    const item = { ...keys.idempotency(site, keyId, sha256), ...row, ttl: timeToLive(row.at, daySeconds) }
    return this.table.putIf(item, {
      condition: 'attribute_not_exists(pk) OR #at < :old',
      values: { old: row.at - daySeconds * 1000 },
    })
  }

  /** Keeps the call for as long as its CDRs, whose result it has. Returns false if the call exists already. */
  async create(site: SiteId, call: string, row: PlacedRow, retentionDays: number): Promise<boolean> {
    const ttl = timeToLive(row.issuedAt, Math.max(keptDaysMin, retentionDays) * daySeconds)
    return this.table.putIf({ ...keys.placedCall(site, call), ...row, ttl }, ifAbsent)
  }

  async find(site: SiteId, call: string): Promise<PlacedRow | undefined> {
    return this.table.get(PlacedRow, keys.placedCall(site, call), 'consistent')
  }

  /**
   * Applies a fact of the bridge if it is newer than the last one. An ended call stays ended, but a real result replaces
   * `unknown`. Ignores calls that were not placed through the API.
   */
  async applyFact(site: SiteId, call: string, version: string, placed: Placed, at: string): Promise<boolean> {
    const { stage, result, cause, sipCode } = placed
    const isKnown = result !== undefined && result !== 'unknown'
    const isChangeable = isKnown ? '(#stage <> :end OR #result = :unknown)' : '#stage <> :end'
    const endedAt = stage === 'ended' ? at : undefined
    const { update, values } = setFields({ stage, result, cause, sipCode, v: version, endedAt })
    return this.#change(site, call, {
      update,
      condition: `attribute_exists(pk) AND (attribute_not_exists(#v) OR #v < :v) AND ${isChangeable}`,
      values: { ...values, end: 'ended', ...(isKnown && { unknown: 'unknown' }) },
    })
  }

  /** Ends a call of which the bridge sends no more facts, unless its stage has changed since `seen` was read. */
  async endAsUnknown(site: SiteId, call: string, seen: PlacedStage, at: string): Promise<boolean> {
    const { update, values } = setFields({ stage: 'ended', result: 'unknown', endedAt: at })
    return this.#change(site, call, { update, condition: '#stage = :seen', values: { ...values, seen } })
  }

  /** Replaces the result of an ended call by that of its CDRs; returns false if the row no longer has the result `seen`. */
  async correct(site: SiteId, call: string, result: PlacedResult, seen: PlacedResult | undefined): Promise<boolean> {
    const isSeen = seen === undefined ? 'attribute_not_exists(#result)' : '#result = :seen'
    return this.table.update(keys.placedCall(site, call), {
      update: 'SET #result = :result ADD #corrections :one',
      condition: `#stage = :ended AND ${isSeen}`,
      values: { result, one: 1, ended: 'ended', ...(seen !== undefined && { seen }) },
    })
  }

  /**
   * Changes a call. An ended call is also removed from the open calls. If the process dies in between, the next request
   * that finds no room for a call removes it.
   */
  async #change(site: SiteId, call: string, change: Change): Promise<boolean> {
    const after = await this.table.updateReturning(keys.placedCall(site, call), change, 'ALL_NEW')
    if (after?.['stage'] === 'ended') {
      const { keyId, quotaKey = keyId } = v.parse(Ended, after)
      await this.#open.remove(site, quotaKey, call)
    }
    return after !== undefined
  }
}
