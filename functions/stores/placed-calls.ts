import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { type Placed, PlacedResult, PlacedStage } from '../../contracts/placed.ts'
import { OpenCalls } from './open-calls.ts'
import { isConditionFailed, timeToLive } from './table.ts'
import { keys } from './table-keys.ts'

const PlacedRow = v.looseObject({
  stage: PlacedStage,
  result: v.optional(PlacedResult),
  cause: v.optional(v.number()),
  sipCode: v.optional(v.number()),
  endpoint: v.string(),
  /** What was asked for, in its one form, and what the dial plan is told to dial. */
  to: v.string(),
  dial: v.string(),
  callerId: v.optional(v.string()),
  ringSeconds: v.number(),
  metadata: v.optional(v.record(v.string(), v.string())),
  keyId: v.string(),
  /** Unix milliseconds. */
  issuedAt: v.number(),
  deadline: v.number(),
  endedAt: v.optional(v.string()),
  /** Of the last fact that was noted. */
  v: v.optional(v.string()),
})
export type PlacedRow = v.InferOutput<typeof PlacedRow>

const KeyRow = v.looseObject({ hash: v.string(), call: v.string(), at: v.number() })
export type IdempotencyRow = v.InferOutput<typeof KeyRow>

const daySeconds = 86_400
const Ended = v.looseObject({ keyId: v.string() })

/** Calls placed by the API, and the idempotency keys by which they were asked for. */
export class PlacedCallStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  readonly #open: OpenCalls
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
    this.#open = new OpenCalls(db, table)
  }

  async findKey(site: SiteId, keyId: string, sha256: string, now: number): Promise<IdempotencyRow | undefined> {
    const item = await this.#get(keys.idempotency(site, keyId, sha256))
    // Time to live is late by hours; a key of yesterday is free again.
    const row = item && v.parse(KeyRow, item)
    return row && now - row.at < daySeconds * 1000 ? row : undefined
  }

  /** False if another request has the key. */
  async claimKey(site: SiteId, keyId: string, sha256: string, row: IdempotencyRow): Promise<boolean> {
    return this.#won(
      new PutCommand({
        TableName: this.#table,
        Item: { ...keys.idempotency(site, keyId, sha256), ...row, ttl: timeToLive(row.at, daySeconds) },
        ConditionExpression: 'attribute_not_exists(pk) OR #at < :old',
        ExpressionAttributeNames: { '#at': 'at' },
        ExpressionAttributeValues: { ':old': row.at - daySeconds * 1000 },
      }),
    )
  }

  /** False if the call is there already. */
  async create(site: SiteId, call: string, row: PlacedRow): Promise<boolean> {
    return this.#won(
      new PutCommand({
        TableName: this.#table,
        Item: { ...keys.placedCall(site, call), ...row, ttl: timeToLive(row.issuedAt, 30 * daySeconds) },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    )
  }

  async find(site: SiteId, call: string): Promise<PlacedRow | undefined> {
    const item = await this.#get(keys.placedCall(site, call))
    return item && v.parse(PlacedRow, item)
  }

  /**
   * What the bridge tells of a call, if it is newer than what is known. An end stays, but for `unknown`, which anything
   * that knows better replaces; a call that the API did not place is none of these.
   */
  async note(site: SiteId, call: string, version: string, placed: Placed, at: string): Promise<boolean> {
    const isBetter = placed.result !== undefined && placed.result !== 'unknown'
    return this.#tell(
      site,
      call,
      new UpdateCommand({
        TableName: this.#table,
        Key: keys.placedCall(site, call),
        ...setting(
          {
            stage: placed.stage,
            result: placed.result,
            cause: placed.cause,
            sipCode: placed.sipCode,
            v: version,
            ...(placed.stage === 'ended' && { endedAt: at }),
          },
          { ':end': 'ended', ...(isBetter && { ':unknown': 'unknown' }) },
        ),
        ConditionExpression: `attribute_exists(pk) AND (attribute_not_exists(#v) OR #v < :v) AND (#stage <> :end${isBetter ? ' OR #result = :unknown' : ''})`,
        ReturnValues: 'ALL_NEW',
      }),
    )
  }

  /** Ends a call in the cloud whose bridge says nothing of it any more, unless it went on from `seen`. */
  async endAsUnknown(site: SiteId, call: string, seen: PlacedStage, at: string): Promise<boolean> {
    return this.#tell(
      site,
      call,
      new UpdateCommand({
        TableName: this.#table,
        Key: keys.placedCall(site, call),
        ...setting({ stage: 'ended', result: 'unknown', endedAt: at }, { ':seen': seen }),
        ConditionExpression: '#stage = :seen',
        ReturnValues: 'ALL_NEW',
      }),
    )
  }

  /** The CDR of a call whose end nobody saw, the first that comes. True for that one each time. */
  async correct(site: SiteId, call: string, result: PlacedResult): Promise<boolean> {
    return this.#won(
      new UpdateCommand({
        TableName: this.#table,
        Key: keys.placedCall(site, call),
        ...setting({ result, corrected: true }, { ':unknown': 'unknown' }),
        ConditionExpression: '#result = :unknown OR (#corrected = :corrected AND #result = :result)',
      }),
    )
  }

  /** An end also takes the call out of those that are open; should that be lost, whoever finds no room does it. */
  async #tell(site: SiteId, call: string, command: UpdateCommand): Promise<boolean> {
    try {
      const { Attributes } = await this.#db.send(command)
      if (Attributes?.['stage'] === 'ended') await this.#open.remove(site, v.parse(Ended, Attributes).keyId, call)
      return true
    } catch (error) {
      if (isConditionFailed(error)) return false
      throw error
    }
  }

  async #get(Key: { pk: string; sk: string }): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item
  }

  async #won(command: PutCommand | UpdateCommand): Promise<boolean> {
    try {
      if (command instanceof PutCommand) await this.#db.send(command)
      else await this.#db.send(command)
      return true
    } catch (error) {
      if (isConditionFailed(error)) return false
      throw error
    }
  }
}

/** An update that sets each field that has a value; `more` are values that the condition compares with. */
function setting(fields: Record<string, unknown>, more: Record<string, unknown>) {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined)
  return {
    UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
    ExpressionAttributeValues: { ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])), ...more },
  }
}
