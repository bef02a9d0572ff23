import { randomBytes } from 'node:crypto'
import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import { SiteId } from '../../contracts/names.ts'
import { Receipt } from '../../contracts/site.ts'
import { ifAbsent, ifPresent } from './expressions.ts'
import { readFairly } from './lists-of-sites.ts'
import { ItemKey, Store } from './table.ts'
import { keys } from './table-keys.ts'

const RemovalJob = v.looseObject({
  site: SiteId,
  id: v.string(),
  what: v.picklist(['site', 'number', 'student']),
  /** The number to erase. It is deleted with this row. */
  number: v.optional(v.string()),
  /** The student number to erase. It is deleted with this row. */
  matricule: v.optional(v.string()),
  /** Key of the ids that replace those that hold the number. It is deleted with this row. */
  secret: v.optional(v.string(), ''),
  askedAt: v.string(),
  /** When the last complete pass ended, Unix milliseconds. */
  passedAt: v.optional(v.number()),
  removed: v.optional(v.record(v.string(), v.number()), {}),
  /** The final export with which a site's deletion begins, once it is complete. */
  finalExport: v.optional(v.object({ file: v.string(), rows: v.number(), bytes: v.number() })),
  /** Months in which something was found. */
  months: v.optional(v.array(v.string()), []),
  /** Steps that the pass under way has done, so that the next invocation continues it. */
  done: v.optional(v.array(v.string())),
  /** The step under way, and the last item that it has dealt with. */
  at: v.optional(v.object({ step: v.string(), key: ItemKey })),
  /** True if the pass under way found something in an earlier invocation. */
  hasFound: v.optional(v.boolean()),
  /** Items that the pass under way, or the last one, could not read, by kind. */
  unreadable: v.optional(v.record(v.string(), v.number())),
  /** Whether the site's bridge has still to erase the number from its folder. */
  waitsForBridge: v.optional(v.boolean()),
  /** The bridges that have not confirmed it. */
  waitingFor: v.optional(v.array(v.string())),
  /** When the last one confirmed that, Unix milliseconds. */
  bridgeErasedAt: v.optional(v.number()),
  /** Since when, after that, each look at the queues found few messages waiting, Unix milliseconds. */
  quietSince: v.optional(v.number()),
  /** The queues are looked at in stages: how many are done, and when the last one was, Unix milliseconds. */
  queueStage: v.optional(v.number()),
  stagedAt: v.optional(v.number()),
  /** Whether every message of before has left the queues. */
  areQueuesEmpty: v.optional(v.boolean()),
  /** Until when one invocation alone works on this removal, Unix milliseconds. */
  leasedUntil: v.optional(v.number()),
})
export type RemovalJob = v.InferOutput<typeof RemovalJob>
/** A removal as it is asked for. */
export type RemovalRequest = Pick<RemovalJob, 'site' | 'id' | 'what' | 'number' | 'matricule' | 'askedAt'>

const saved = [
  'months',
  'done',
  'at',
  'hasFound',
  'unreadable',
  'passedAt',
  'finalExport',
  'waitsForBridge',
  'waitingFor',
  'quietSince',
  'queueStage',
  'stagedAt',
  'areQueuesEmpty',
] as const
/** What a pass saves: `counts` are added to those of the receipt, fields that are present replace the stored ones. */
export type Progress = { counts: Record<string, number> } & {
  [K in (typeof saved)[number]]?: RemovalJob[K] | undefined
}

/** Removals of one invocation; the others wait until some are done. */
const batchMax = 1_000
/** An invocation ends after 50 s, so that a later one never works beside it. */
const leaseMs = 60_000
/** Kinds of items that the receipt of a bridge may count. */
const bridgeCountsMax = 10

/** Another invocation has taken over the removal. What this one has counted is kept. */
export class RemovalTakenError extends SwitchhookError {
  readonly errorId = 'removal-taken'
  override shouldRetry(): boolean {
    return true
  }
}

/** Stores deletions and erasures that are under way, and a receipt of each that is done. */
export class RemovalStore extends Store {
  /** Stores a removal, which is then carried out even if the request fails. The same id again changes nothing. */
  async create(removal: RemovalRequest): Promise<Receipt> {
    const job: RemovalJob = { ...removal, removed: {}, months: [], secret: newSecret() }
    await this.table.putIf({ ...this.#key(job), ...job }, ifAbsent)
    return toReceipt(job)
  }

  /** Returns the number of removals of a site that are under way, at most `most`. */
  async count(site: SiteId, most: number): Promise<number> {
    const query = { pk: keys.removals, sk: { beginsWith: `${site}#` }, read: 'consistent', limit: most } as const
    return (await this.table.page(v.looseObject({}), query)).items.length
  }

  /** Returns the removals that are under way, in a fair order of their sites. */
  async all(): Promise<RemovalJob[]> {
    return readFairly(this.table, RemovalJob, [keys.removals], { most: batchMax, turn: 0 })
  }

  /** Returns the removal for this invocation alone; undefined if another one works on it. A dead one holds it for a minute. */
  async take({ site, id }: Pick<RemovalJob, 'site' | 'id'>, now: number): Promise<RemovalJob | undefined> {
    const taken = await this.table.updateReturning(
      this.#key({ site, id }),
      {
        // A removal of an earlier version has no secret.
        update: 'SET leasedUntil = :until, secret = if_not_exists(secret, :secret)',
        condition: 'attribute_exists(pk) AND (attribute_not_exists(leasedUntil) OR leasedUntil <= :now)',
        values: { until: now + leaseMs, now, secret: newSecret() },
      },
      'ALL_NEW',
    )
    return taken && v.parse(RemovalJob, taken)
  }

  /** @throws RemovalTakenError if another invocation has taken the removal since; the counts are added all the same. */
  async save({ site, id, leasedUntil = 0 }: RemovalJob, progress: Progress): Promise<void> {
    const key = this.#key({ site, id })
    const { counts, ...fields } = progress
    const set = saved.filter((name) => fields[name] !== undefined)
    const unset = saved.filter((name) => name in fields && fields[name] === undefined)
    const added = addedCounts(counts)
    const values = { ...added.values, ...Object.fromEntries(set.map((name) => [name, fields[name]])) }
    const setting = [...added.clauses, ...set.map((name) => `#${name} = :${name}`), 'leasedUntil = :lease']
    const removing = unset.length > 0 ? ` REMOVE ${unset.map((name) => `#${name}`).join(', ')}` : ''
    const isSaved = await this.table.update(key, {
      update: `SET ${setting.join(', ')}${removing}`,
      condition: 'leasedUntil = :lease',
      names: added.names,
      values: { ...values, lease: leasedUntil },
    })
    if (isSaved) return
    const update = `SET ${added.clauses.join(', ')}`
    if (added.clauses.length > 0) await this.table.update(key, { ...added, update, ...ifPresent })
    throw new RemovalTakenError(`another invocation works on the removal ${id}`)
  }

  /** Lets the next invocation take the removal at once. */
  async release({ site, id, leasedUntil = 0 }: RemovalJob): Promise<void> {
    await this.table.update(this.#key({ site, id }), {
      update: 'SET leasedUntil = :zero',
      condition: 'leasedUntil = :lease',
      values: { zero: 0, lease: leasedUntil },
    })
  }

  /** Notes a bridge's first confirmation of an erasure. Those of an unknown or finished erasure change nothing. */
  async confirm(site: SiteId, id: string, bridge: string, counts: Record<string, number>, now: number): Promise<void> {
    const added = addedCounts(Object.fromEntries(Object.entries(counts).slice(0, bridgeCountsMax)))
    await this.table.update(this.#key({ site, id }), {
      update: `SET ${[...added.clauses, '#bridge = :now', 'bridgeErasedAt = :now', 'waitsForBridge = :no'].join(', ')}`,
      condition: 'attribute_exists(pk) AND attribute_not_exists(#bridge)',
      names: { ...added.names, bridge: confirmation(bridge) },
      values: { ...added.values, now, no: false },
    })
  }

  /** Writes the receipt, then deletes the job. After a crash between the two, the next pass finds nothing and finishes again. */
  async finish(removal: RemovalJob, now: number): Promise<void> {
    const last = (await this.table.get(RemovalJob, this.#key(removal), 'consistent')) ?? removal
    const receipt: Receipt = { ...toReceipt(last), state: 'done', doneAt: new Date(now).toISOString() }
    await this.table.put({ pk: keys.receipts(removal.site), sk: removal.id, ...receipt })
    await this.table.delete(this.#key(removal))
  }

  async receipt(site: SiteId, id: string): Promise<Receipt | undefined> {
    const done = await this.table.get(Receipt, { pk: keys.receipts(site), sk: id }, 'consistent')
    if (done) return withoutKeys(done)
    const running = await this.table.get(RemovalJob, this.#key({ site, id }), 'consistent')
    return running && toReceipt(running)
  }

  #key({ site, id }: Pick<RemovalJob, 'site' | 'id'>): ItemKey {
    return { pk: keys.removals, sk: `${site}#${id}` }
  }
}

/** Whether a bridge has confirmed that it erased the number from its folder. */
export function hasConfirmed(removal: RemovalJob, bridge: string): boolean {
  return removal[confirmation(bridge)] !== undefined
}

/** Each bridge has a field of its own, since two may confirm at the same time. */
function confirmation(bridge: string): string {
  return `erasedBy#${bridge}`
}

/** Clauses that add to counts, each of them by itself: two invocations may write at the same time. */
function addedCounts(counts: Record<string, number>) {
  const entries = Object.entries(counts).filter(([, items]) => items > 0)
  const clauses = entries.map((_, n) => `removed.#c${n} = if_not_exists(removed.#c${n}, :none) + :c${n}`)
  const names = Object.fromEntries(entries.map(([name], n) => [`c${n}`, name]))
  const values = Object.fromEntries(entries.map(([, items], n) => [`c${n}`, items]))
  return { clauses, names, values: entries.length > 0 ? { ...values, none: 0 } : {} }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

function withoutKeys({ pk: _pk, sk: _sk, farewell, ...receipt }: Receipt): Receipt {
  // So it was named in receipts of earlier versions.
  const { finalExport } = v.parse(Receipt, { ...receipt, ...(farewell !== undefined && { finalExport: farewell }) })
  return { ...receipt, ...(finalExport && { finalExport }) }
}

function toReceipt(job: RemovalJob): Receipt {
  const { id, site, what, askedAt, removed, unreadable, finalExport, waitsForBridge, waitingFor } = job
  const state = waitsForBridge ? 'waiting-for-bridge' : 'running'
  return {
    id,
    site,
    what,
    state,
    askedAt,
    removed: removed ?? {},
    ...(unreadable && { unreadable }),
    ...(waitsForBridge && waitingFor && { waitingFor }),
    ...(finalExport && { finalExport }),
  }
}
