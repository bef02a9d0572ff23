import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { emptyState, FraudState } from '../domain/fraud/state.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

/** A state that cannot be read begins again: its `rev` is all that a replacement needs. */
const StateRow = v.looseObject({ rev: v.number(), state: v.optional(v.unknown()) })

/** Stores what the watch over calls to the outside remembers of each site, in one item of at most 100 KB. */
export class FraudStates extends Store {
  async read(site: SiteId): Promise<{ state: FraudState; rev: number }> {
    const row = await this.table.get(StateRow, keys.fraudState(site), 'consistent')
    const parsed = v.safeParse(FraudState, row?.state)
    return { state: parsed.success ? parsed.output : emptyState, rev: row?.rev ?? 0 }
  }

  /** Returns false if another process has changed it since it was read. */
  async replace(site: SiteId, state: FraudState, rev: number): Promise<boolean> {
    return this.table.putIf(
      { ...keys.fraudState(site), state, rev: rev + 1 },
      { condition: 'attribute_not_exists(pk) OR #rev = :rev', values: { rev } },
    )
  }
}
