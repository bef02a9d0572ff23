import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import type { SiteId } from '../../contracts/names.ts'
import { newTarget, type TargetState } from '../domain/webhooks/admission.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const StoredState = v.looseObject({
  leases: v.record(v.string(), v.number()),
  failures: v.number(),
  openUntil: v.number(),
  opens: v.number(),
  nextFreeAt: v.number(),
  isProven: v.boolean(),
  failingSince: v.optional(v.number()),
  lastFailureAt: v.optional(v.number()),
})
const TargetRow = v.looseObject({ rev: v.optional(v.unknown()), state: v.optional(v.unknown()) })

/** A site has at most fifty webhooks; their states have some hundred bytes each. */
const pagesMax = 2
/** Instances that change one receiver at the same time conflict; within an instance changes follow each other. */
const triesMax = 12

/** Too many instances changed the state of one receiver at the same time. */
export class TargetBusyError extends SwitchhookError {
  readonly errorId = 'webhook-target-busy'
  override shouldRetry(): boolean {
    return true
  }
}

type Decide = (state: TargetState) => { state: TargetState }
/** A change that waits until the one before it, of the same receiver in this process, is written. */
interface Waiting {
  decide: Decide
  resolve(decided: { state: TargetState }): void
  reject(error: unknown): void
}
interface Known {
  rev: unknown
  state: TargetState
}

/** Receivers whose state a process remembers. */
const knownMax = 1_000

/**
 * Stores how each receiver is doing. A change decides by the state, and writes on the condition that it is still the stored one. Changes
 * of one process that come while another is written are written together.
 */
export class TargetStore extends Store {
  readonly #waiting = new Map<string, Waiting[]>()
  /** What this process wrote last: another process may have changed it since, which the condition of the next write finds out. */
  readonly #known = new Map<string, Known>()

  async find(site: SiteId, webhook: string): Promise<TargetState> {
    return (await this.#read(site, webhook)).state
  }

  /** Returns the ids of the site's webhooks whose last try failed. */
  async failing(site: SiteId): Promise<ReadonlySet<string>> {
    const { pk } = keys.webhookTarget(site, '')
    const query = { pk, read: 'eventual', unreadable: 'skip' } as const
    const rows = await this.table.items(v.looseObject({ ...TargetRow.entries, sk: v.string() }), query, pagesMax)
    return new Set(rows.flatMap((row) => (stateOf(row).failures > 0 ? [row.sk] : [])))
  }

  /**
   * Applies `decide` and returns what it returned. `decide` must be pure: it is called again after a conflict. A state that it returns
   * unchanged is not written, and may be an earlier one.
   */
  async change<R extends { state: TargetState }>(
    site: SiteId,
    webhook: string,
    decide: (state: TargetState) => R,
  ): Promise<R> {
    const name = `${site}/${webhook}`
    const { promise, resolve, reject } = Promise.withResolvers<R>()
    const waiting = this.#waiting.get(name)
    const own: Waiting = { decide, resolve: (decided) => resolve(decided as R), reject }
    if (waiting) waiting.push(own)
    else {
      this.#waiting.set(name, [own])
      void this.#drain(site, webhook, name)
    }
    return promise
  }

  async remove(site: SiteId, webhook: string): Promise<void> {
    this.#known.delete(`${site}/${webhook}`)
    await this.table.delete(keys.webhookTarget(site, webhook))
  }

  async #drain(site: SiteId, webhook: string, name: string): Promise<void> {
    for (;;) {
      const changes = this.#waiting.get(name)?.splice(0) ?? []
      if (changes.length === 0) break
      try {
        const decided = await this.#apply(site, webhook, name, changes)
        for (const [n, { resolve }] of changes.entries()) resolve(decided[n] as { state: TargetState })
      } catch (error) {
        for (const { reject } of changes) reject(error)
      }
    }
    this.#waiting.delete(name)
  }

  async #apply(
    site: SiteId,
    webhook: string,
    name: string,
    changes: readonly Waiting[],
  ): Promise<{ state: TargetState }[]> {
    for (let tries = 0; tries < triesMax; tries += 1) {
      const { rev, state } = this.#known.get(name) ?? (await this.#read(site, webhook))
      let after = state
      const decided = changes.map(({ decide }) => {
        const one = decide(after)
        after = one.state
        return one
      })
      if (after === state) return decided
      const next = (typeof rev === 'number' ? rev : 0) + 1
      const item = { ...keys.webhookTarget(site, webhook), rev: next, state: after }
      const condition =
        rev === undefined ? { condition: 'attribute_not_exists(rev)' } : { condition: 'rev = :rev', values: { rev } }
      this.#known.delete(name)
      if (!(await this.table.putIf(item, condition))) continue
      if (this.#known.size >= knownMax) this.#known.clear()
      this.#known.set(name, { rev: next, state: after })
      return decided
    }
    throw new TargetBusyError(`the state of a webhook of ${site} was changed ${triesMax} times meanwhile`)
  }

  async #read(site: SiteId, webhook: string): Promise<Known> {
    const row = await this.table.get(TargetRow, keys.webhookTarget(site, webhook), 'consistent')
    return { rev: row?.['rev'], state: stateOf(row) }
  }
}

/** A receiver whose state cannot be read begins as a new one: its webhook delivers on, carefully. */
function stateOf(row: v.InferOutput<typeof TargetRow> | undefined): TargetState {
  const parsed = v.safeParse(StoredState, row?.state)
  return parsed.success ? parsed.output : newTarget
}
