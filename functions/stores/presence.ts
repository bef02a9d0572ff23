import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { CallState, EndpointState } from '../../contracts/facts.ts'
import type { CallEntity, EndpointEntity, Entity, Topic } from '../../contracts/frames.ts'
import type { SiteId } from '../../contracts/names.ts'
import { isConditionFailed, keys, timeToLive } from './table.ts'

const row = { sk: v.string(), v: v.string(), r: v.number(), w: v.number(), ended: v.optional(v.boolean()) }
const EndpointRow = v.looseObject({ ...row, state: EndpointState })
const CallRow = v.looseObject({ ...row, state: CallState })

/** An ended call is kept this long, so that an older fact of it, delivered late, finds a newer version and loses. */
const tombstoneSeconds = 180

export interface Write {
  topic: Topic
  entity: Entity
  ended: boolean
  /** False for a fact too old to tell that its entity still is: it may change a row, never make one. */
  mayCreate: boolean
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
  async put(site: SiteId, write: Write, now: number): Promise<boolean> {
    const { entity, topic, ended } = write
    const newer = '(#v < :v OR (#v = :v AND #r = :zero))'
    const item = { pk: partition(site, topic), sk: entity.id, v: entity.v, r: 0, w: now, state: entity.state }
    const ttl = ended ? { ended: true, ttl: timeToLive(now, tombstoneSeconds) } : {}
    return this.#won(
      new PutCommand({
        TableName: this.#table,
        Item: { ...item, ...ttl },
        ConditionExpression: write.mayCreate ? `attribute_not_exists(#v) OR ${newer}` : newer,
        ExpressionAttributeNames: { '#v': 'v', '#r': 'r' },
        ExpressionAttributeValues: { ':v': entity.v, ':zero': 0 },
      }),
    )
  }

  /** Ends a call in the cloud: the version stays the bridge's, `r` rises. False if the row has moved on. */
  async endCall(site: SiteId, seen: CallEntity, now: number): Promise<CallEntity | undefined> {
    const ended: CallEntity = {
      ...seen,
      r: seen.r + 1,
      state: { ...seen.state, state: 'ended', endedAt: new Date(now).toISOString() },
    }
    const won = await this.#won(
      new UpdateCommand({
        TableName: this.#table,
        Key: { pk: keys.calls(site), sk: seen.id },
        UpdateExpression: 'SET #r = :r, #w = :w, #ended = :true, #ttl = :ttl, #state = :state',
        ConditionExpression: '#v = :v AND #r = :seen',
        ExpressionAttributeNames: {
          '#v': 'v',
          '#r': 'r',
          '#w': 'w',
          '#ended': 'ended',
          '#ttl': 'ttl',
          '#state': 'state',
        },
        ExpressionAttributeValues: {
          ':v': seen.v,
          ':r': ended.r,
          ':seen': seen.r,
          ':w': now,
          ':true': true,
          ':ttl': timeToLive(now, tombstoneSeconds),
          ':state': ended.state,
        },
      }),
    )
    return won ? ended : undefined
  }

  /** Takes out an endpoint that Asterisk does not have any more, unless it was heard of since. */
  async removeEndpoint(site: SiteId, seen: EndpointEntity): Promise<boolean> {
    return this.#won(
      new DeleteCommand({
        TableName: this.#table,
        Key: { pk: keys.endpoints(site), sk: seen.id },
        ConditionExpression: '#v = :v',
        ExpressionAttributeNames: { '#v': 'v' },
        ExpressionAttributeValues: { ':v': seen.v },
      }),
    )
  }

  async endpoints(site: SiteId): Promise<EndpointEntity[]> {
    const items = await this.#all(keys.endpoints(site))
    return items.map((item) => toEntity(v.parse(EndpointRow, item)))
  }

  /** Live calls; tombstones are left out. */
  async calls(site: SiteId): Promise<CallEntity[]> {
    const items = await this.#all(keys.calls(site))
    const rows = items.map((item) => v.parse(CallRow, item))
    return rows.filter((row) => !row.ended).map(toEntity)
  }

  async #all(pk: string): Promise<unknown[]> {
    const items: unknown[] = []
    // A site has at most some thousand endpoints of 0.3 KB, so this is a page or two of 1 MB.
    const pages = paginateQuery(
      { client: this.#db },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': pk },
        ConsistentRead: true,
      },
    )
    for await (const page of pages) items.push(...(page.Items ?? []))
    return items
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

function partition(site: SiteId, topic: Topic): string {
  return topic === 'endpoints' ? keys.endpoints(site) : keys.calls(site)
}

function toEntity<State>(row: { sk: string; v: string; r: number; state: State }) {
  return { id: row.sk, v: row.v, r: row.r, state: row.state }
}
