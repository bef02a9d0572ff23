import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { CallState, EndpointState } from '../../contracts/facts.ts'
import type { CallEntity, EndpointEntity, Entity, EntityTopic } from '../../contracts/frames.ts'
import type { SiteId } from '../../contracts/names.ts'
import { isConditionFailed, timeToLive } from './table.ts'
import { keys } from './table-keys.ts'

const row = {
  sk: v.string(),
  v: v.string(),
  r: v.number(),
  w: v.number(),
  ended: v.optional(v.boolean()),
  settledBy: v.optional(v.number()),
}
const EndpointRow = v.looseObject({ ...row, state: EndpointState })
const CallRow = v.looseObject({ ...row, state: v.optional(CallState) })

/** An ended call is kept this long, so that an older fact of it, delivered late, finds a newer version and loses. */
export const tombstoneMs = 180_000
/** An endpoint taken out of the PBX is kept longer than any message is: removals are few. */
const removedSeconds = 15 * 86_400

export interface Write {
  topic: EntityTopic
  entity: Entity
  ended: boolean
  /** False for a fact too old to tell that its entity still is: it may change what is there, never make or revive it. */
  mayCreate: boolean
}

/** A row as it stands: an entity, or the tombstone of one, which keeps its last state only if the cloud ended it. */
export interface PresenceRow {
  id: string
  v: string
  r: number
  /** When it was written, Unix milliseconds by the clock of the invocation that wrote. */
  w: number
  entity: Entity | undefined
  ended: boolean
  /** The epoch that ended it, if an epoch's beginning did. */
  settledBy: number | undefined
}

/** Present state of endpoints and calls: one row an entity, written only by what is newer. */
export class PresenceStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /**
   * True if the fact is the newest known of its entity. Equal counts too, as a crash between write and push must push
   * again; but never over a change that the cloud made (`r` above 0). `now` is in Unix milliseconds.
   */
  async put(site: SiteId, { entity, topic, ended, mayCreate }: Write, now: number): Promise<boolean> {
    const again = '(#v = :v AND #r = :zero)'
    const item = { pk: partition(site, topic), sk: entity.id, v: entity.v, r: 0, w: now }
    const content = ended ? { ended: true, ttl: timeToLive(now, tombstoneMs / 1000) } : { state: entity.state }
    return this.#won(
      new PutCommand({
        TableName: this.#table,
        Item: { ...item, ...content },
        ConditionExpression: mayCreate
          ? `attribute_not_exists(#v) OR #v < :v OR ${again}`
          : `(attribute_not_exists(#ended) AND #v < :v) OR ${again}`,
        ExpressionAttributeNames: { '#v': 'v', '#r': 'r', ...(!mayCreate && { '#ended': 'ended' }) },
        ExpressionAttributeValues: { ':v': entity.v, ':zero': 0 },
      }),
    )
  }

  /**
   * Ends a call, or removes an endpoint, in the cloud: the version stays the bridge's, `r` rises, and the last state is
   * kept, so that the same epoch told again is pushed again. Undefined if the row has moved on since it was seen.
   */
  async end(site: SiteId, seen: Entity, epoch: number, now: number): Promise<Entity | undefined> {
    const isCall = !isEndpoint(seen)
    const ended = isCall ? endedCall(seen, now) : { ...seen, r: seen.r + 1 }
    const names = ['v', 'r', 'w', 'ended', 'ttl', 'state', 'settledBy']
    const won = await this.#won(
      new UpdateCommand({
        TableName: this.#table,
        Key: { pk: partition(site, isCall ? 'calls' : 'endpoints'), sk: seen.id },
        UpdateExpression: 'SET #r = :r, #w = :w, #ended = :true, #ttl = :ttl, #state = :state, #settledBy = :epoch',
        ConditionExpression: '#v = :v AND #r = :seen AND attribute_not_exists(#ended)',
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ':v': seen.v,
          ':r': ended.r,
          ':seen': seen.r,
          ':w': now,
          ':true': true,
          ':ttl': timeToLive(now, isCall ? tombstoneMs / 1000 : removedSeconds),
          ':state': ended.state,
          ':epoch': epoch,
        },
      }),
    )
    return won ? ended : undefined
  }

  /** Deletes a call's tombstone, unless the call came back. Time to live would do it too, some day. */
  async forget(site: SiteId, { id, v }: { id: string; v: string }): Promise<void> {
    await this.#won(
      new DeleteCommand({
        TableName: this.#table,
        Key: { pk: keys.calls(site), sk: id },
        ConditionExpression: '#v = :v AND #ended = :true',
        ExpressionAttributeNames: { '#v': 'v', '#ended': 'ended' },
        ExpressionAttributeValues: { ':v': v, ':true': true },
      }),
    )
  }

  async endpoints(site: SiteId): Promise<EndpointEntity[]> {
    const rows = await this.rows(site, 'endpoints')
    return rows.flatMap(({ entity, ended }) => (entity && !ended && isEndpoint(entity) ? [entity] : []))
  }

  /** Live calls; tombstones are left out. */
  async calls(site: SiteId): Promise<CallEntity[]> {
    const rows = await this.rows(site, 'calls')
    return rows.flatMap(({ entity, ended }) => (entity && !ended && !isEndpoint(entity) ? [entity] : []))
  }

  /** All rows of a topic, tombstones too. Consistent unless said: half the price, and at most a second or so behind. */
  async rows(site: SiteId, topic: EntityTopic, { isConsistent = true } = {}): Promise<PresenceRow[]> {
    const rows: PresenceRow[] = []
    // A site has at most some thousand endpoints of 0.3 KB, so this is a page or two of 1 MB.
    const pages = paginateQuery(
      { client: this.#db },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': partition(site, topic) },
        ConsistentRead: isConsistent,
      },
    )
    for await (const page of pages) rows.push(...(page.Items ?? []).map((item) => toRow(topic, item)))
    return rows
  }

  async #won(command: PutCommand | UpdateCommand | DeleteCommand): Promise<boolean> {
    try {
      if (command instanceof PutCommand) await this.#db.send(command)
      else if (command instanceof UpdateCommand) await this.#db.send(command)
      else await this.#db.send(command)
      return true
    } catch (error) {
      if (isConditionFailed(error)) return false
      throw error
    }
  }
}

function partition(site: SiteId, topic: EntityTopic): string {
  return topic === 'endpoints' ? keys.endpoints(site) : keys.calls(site)
}

export function isEndpoint(entity: Entity): entity is EndpointEntity {
  return entity.state['deviceState'] !== undefined
}

function endedCall(seen: CallEntity, now: number): CallEntity {
  const endedAt = new Date(now).toISOString()
  return { ...seen, r: seen.r + 1, state: { ...seen.state, state: 'ended', since: endedAt, endedAt } }
}

function toRow(topic: EntityTopic, item: unknown): PresenceRow {
  if (topic === 'endpoints') {
    const parsed = v.parse(EndpointRow, item)
    return common(parsed, { ...identity(parsed), state: parsed.state })
  }
  const parsed = v.parse(CallRow, item)
  return common(parsed, parsed.state && { ...identity(parsed), state: parsed.state })
}

type Row = { sk: string; v: string; r: number; w: number; ended?: boolean | undefined; settledBy?: number | undefined }

function identity(parsed: Row) {
  return { id: parsed.sk, v: parsed.v, r: parsed.r }
}

function common(parsed: Row, entity: Entity | undefined): PresenceRow {
  return { ...identity(parsed), w: parsed.w, ended: parsed.ended ?? false, settledBy: parsed.settledBy, entity }
}
