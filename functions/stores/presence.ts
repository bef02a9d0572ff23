import * as v from 'valibot'
import { CallState, EndpointState } from '../../contracts/facts.ts'
import type { CallEntity, EndpointEntity, Entity, EntityTopic, QueueEntity } from '../../contracts/frames.ts'
import type { SiteId } from '../../contracts/names.ts'
import { QueuePart } from '../../contracts/queues.ts'
import { isCall, isEndpoint, isQueuePart } from '../domain/entity-kind.ts'
import { setFields, timeToLive } from './expressions.ts'
import { type Read, Store } from './table.ts'
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
const QueueRow = v.looseObject({ ...row, state: v.optional(QueuePart) })
type StoredRow = v.InferOutput<typeof EndpointRow | typeof CallRow | typeof QueueRow>
type StoredState = EndpointState | CallState | QueuePart

/** An ended call is kept as a tombstone for this long, so an older fact of it that arrives late finds a newer version. */
export const tombstoneMs = 180_000
/** The tombstone of a removed endpoint is kept for longer than SQS keeps a message; removals are few. */
const removedSeconds = 15 * 86_400
/** A waiting caller, whose row has a number, is published again every five minutes; the row of a bridge that is gone expires. */
const callerSeconds = 86_400

export interface Write {
  topic: EntityTopic
  entity: Entity
  ended: boolean
  /** False for a fact that is too old to prove that its entity still exists: it may change a live row, not create one. */
  mayCreate: boolean
}

/** A stored row: an entity or a tombstone. A tombstone has the entity's last state only if the cloud ended the entity. */
export interface PresenceRow {
  id: string
  v: string
  r: number
  /** When the row was written: Unix milliseconds by the clock of the invocation that wrote it. */
  w: number
  entity: Entity | undefined
  ended: boolean
  /** The epoch whose start ended the entity, if one did. */
  settledBy: number | undefined
}

/** A site has at most some thousand endpoints of 0.3 KB: a page or two of 1 MB. */
const pagesMax = 100

/** Stores the current state of endpoints, calls and queues: one row an entity, replaced only by a newer version. */
export class PresenceStore extends Store {
  /**
   * Stores a fact and returns true if it is the newest of its entity. An equal version returns true too, because after a
   * crash between write and push it has to be pushed again; but it never replaces a change that the cloud made (`r` above
   * 0). `now` is in Unix milliseconds.
   */
  async put(site: SiteId, { entity, topic, ended, mayCreate }: Write, now: number): Promise<boolean> {
    const again = '(#v = :v AND #r = :zero)'
    const item = { pk: partition(site, topic), sk: entity.id, v: entity.v, r: 0, w: now }
    const content = ended
      ? { ended: true, ttl: timeToLive(now, tombstoneMs / 1000) }
      : { state: entity.state, ...(isCaller(entity) && { ttl: timeToLive(now, callerSeconds) }) }
    return this.table.putIf(
      { ...item, ...content },
      {
        condition: mayCreate
          ? `attribute_not_exists(#v) OR #v < :v OR ${again}`
          : `(attribute_not_exists(#ended) AND #v < :v) OR ${again}`,
        values: { v: entity.v, zero: 0 },
      },
    )
  }

  /**
   * Ends a call, or removes an endpoint or a part of a queue, on the cloud's own decision: the bridge's version stays, `r` rises, and the last
   * state is kept, so that a redelivery of the same epoch pushes it again. Returns undefined if the row has changed since
   * `seen` was read.
   */
  async end(site: SiteId, seen: Entity, epoch: number, now: number): Promise<Entity | undefined> {
    const ended = endedByCloud(seen, now)
    const ttl = timeToLive(now, isEndpoint(seen) ? removedSeconds : tombstoneMs / 1000)
    const fields = { r: ended.r, w: now, ended: true, ttl, state: ended.state, settledBy: epoch }
    const { update, values } = setFields(fields)
    const isUpdated = await this.table.update(
      { pk: partition(site, topicOf(seen)), sk: seen.id },
      {
        update,
        condition: '#v = :v AND #r = :seen AND attribute_not_exists(#ended)',
        values: { ...values, v: seen.v, seen: seen.r },
      },
    )
    return isUpdated ? ended : undefined
  }

  /** Deletes a tombstone, unless its entity is live again. Time to live would do it too, but up to days later. */
  async forget(site: SiteId, topic: EntityTopic, { id, v }: { id: string; v: string }): Promise<void> {
    const key = { pk: partition(site, topic), sk: id }
    await this.table.deleteIf(key, { condition: '#v = :v AND #ended = :true', values: { v, true: true } })
  }

  /** Returns the endpoints, without tombstones. */
  async endpoints(site: SiteId): Promise<EndpointEntity[]> {
    const rows = await this.rows(site, 'endpoints')
    return rows.flatMap(({ entity, ended }) => (entity && !ended && isEndpoint(entity) ? [entity] : []))
  }

  /** Returns the live calls, without tombstones. */
  async calls(site: SiteId): Promise<CallEntity[]> {
    const rows = await this.rows(site, 'calls')
    return rows.flatMap(({ entity, ended }) => (entity && !ended && isCall(entity) ? [entity] : []))
  }

  /** Returns the queues, their members and waiting callers, without tombstones. */
  async queues(site: SiteId): Promise<QueueEntity[]> {
    const rows = await this.rows(site, 'queues')
    return rows.flatMap(({ entity, ended }) => (entity && !ended && isQueuePart(entity) ? [entity] : []))
  }

  /** Returns all rows of a topic, with tombstones. */
  async rows(site: SiteId, topic: EntityTopic, read: Read = 'consistent'): Promise<PresenceRow[]> {
    const query = { pk: partition(site, topic), read, unreadable: 'skip' } as const
    if (topic === 'calls') return (await this.table.items(CallRow, query, pagesMax)).map(toPresenceRow)
    if (topic === 'queues') return (await this.table.items(QueueRow, query, pagesMax)).map(toPresenceRow)
    return (await this.table.items(EndpointRow, query, pagesMax)).map(toPresenceRow)
  }
}

function partition(site: SiteId, topic: EntityTopic): string {
  return keys[topic](site)
}

function topicOf(entity: Entity): EntityTopic {
  if (isEndpoint(entity)) return 'endpoints'
  return isQueuePart(entity) ? 'queues' : 'calls'
}

function isCaller(entity: Entity): boolean {
  return isQueuePart(entity) && entity.state.part === 'caller'
}

/** A part of a queue keeps nothing of its state, which may have a number. */
function endedByCloud(seen: Entity, now: number): Entity {
  if (isEndpoint(seen)) return { ...seen, r: seen.r + 1 }
  if (isQueuePart(seen)) return { ...seen, r: seen.r + 1, state: { part: 'gone', queue: seen.state.queue } }
  return endedCall(seen, now)
}

function endedCall(seen: CallEntity, now: number): CallEntity {
  const endedAt = new Date(now).toISOString()
  return { ...seen, r: seen.r + 1, state: { ...seen.state, state: 'ended', since: endedAt, endedAt } }
}

function toPresenceRow(row: StoredRow): PresenceRow {
  const { sk: id, v, r, w, ended = false, settledBy, state } = row
  return { id, v, r, w, ended, settledBy, entity: state && toEntity({ id, v, r }, state) }
}

function toEntity(version: { id: string; v: string; r: number }, state: StoredState): Entity {
  if (isQueueState(state)) return { ...version, state }
  return isEndpointState(state) ? { ...version, state } : { ...version, state }
}

function isEndpointState(state: StoredState): state is EndpointState {
  return state['deviceState'] !== undefined
}

function isQueueState(state: StoredState): state is QueuePart {
  return state['part'] !== undefined
}
