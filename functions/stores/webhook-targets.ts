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

/** Instances that change one receiver at the same time conflict; within an instance changes follow each other. */
const triesMax = 12

/** Too many instances changed the state of one receiver at the same time. */
export class TargetBusyError extends SwitchhookError {
  readonly errorId = 'webhook-target-busy'
  override shouldRetry(): boolean {
    return true
  }
}

/** Stores how each receiver is doing. A change reads the state, decides, and writes it on the condition that nothing has changed. */
export class TargetStore extends Store {
  /** The last change of each receiver in this process, so that the next one waits for it instead of conflicting. */
  readonly #queues = new Map<string, Promise<unknown>>()

  async find(site: SiteId, webhook: string): Promise<TargetState> {
    return stateOf(await this.table.get(TargetRow, keys.webhookTarget(site, webhook), 'consistent'))
  }

  /** Applies `decide` and returns what it returned. `decide` must be pure: it is called again after a conflict. */
  async change<R extends { state: TargetState }>(
    site: SiteId,
    webhook: string,
    decide: (state: TargetState) => R,
  ): Promise<R> {
    const name = `${site}/${webhook}`
    const waitFor = this.#queues.get(name) ?? Promise.resolve()
    const changing = waitFor.then(
      () => this.#change(site, webhook, decide),
      () => this.#change(site, webhook, decide),
    )
    this.#queues.set(name, changing)
    try {
      return await changing
    } finally {
      if (this.#queues.get(name) === changing) this.#queues.delete(name)
    }
  }

  async remove(site: SiteId, webhook: string): Promise<void> {
    await this.table.delete(keys.webhookTarget(site, webhook))
  }

  async #change<R extends { state: TargetState }>(
    site: SiteId,
    webhook: string,
    decide: (state: TargetState) => R,
  ): Promise<R> {
    const key = keys.webhookTarget(site, webhook)
    for (let tries = 0; tries < triesMax; tries += 1) {
      const row = await this.table.get(TargetRow, key, 'consistent')
      const decided = decide(stateOf(row))
      const rev = row?.['rev']
      const item = { ...key, rev: (typeof rev === 'number' ? rev : 0) + 1, state: decided.state }
      const condition =
        rev === undefined ? { condition: 'attribute_not_exists(rev)' } : { condition: 'rev = :rev', values: { rev } }
      if (await this.table.putIf(item, condition)) return decided
    }
    throw new TargetBusyError(`the state of a webhook of ${site} was changed ${triesMax} times meanwhile`)
  }
}

/** A receiver whose state cannot be read begins as a new one: its webhook delivers on, carefully. */
function stateOf(row: v.InferOutput<typeof TargetRow> | undefined): TargetState {
  const parsed = v.safeParse(StoredState, row?.state)
  return parsed.success ? parsed.output : newTarget
}
