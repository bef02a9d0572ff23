import * as v from 'valibot'
import type { Cdr } from '../../contracts/cdr.ts'
import { PlacedCallId } from '../../contracts/commands.ts'
import type { BridgeEvent } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'
import type { Placed, PlacedResult } from '../../contracts/placed.ts'
import { resultByCdr } from '../domain/calls/placed.ts'
import type { OutcomeMessage } from './watch/publish-outcome.ts'

export interface PlacedCallUpdates {
  applyFact(site: SiteId, call: string, version: string, placed: Placed, at: string): Promise<boolean>
}
export interface PlacedCallCorrections {
  /** True if that corrected it, each time that it comes. */
  correct(site: SiteId, call: string, result: PlacedResult): Promise<boolean>
}

/** Takes what facts say of calls placed by the API; in the order they happened, since each says where its call is. */
export async function updatePlacedCalls(
  site: SiteId,
  events: readonly BridgeEvent[],
  placed: PlacedCallUpdates,
): Promise<void> {
  const told = events.filter((event) => event.type === 'switchhook.call.v1').sort((a, b) => (a.v < b.v ? -1 : 1))
  for (const { data, v: version, time } of told) {
    if (data.placed) await placed.applyFact(site, data.call, version, data.placed, time)
  }
}

/** The caller's leg of a call by the API has the call's id; its CDR tells the end that nobody saw. */
export async function correctPlacedCall(
  site: SiteId,
  cdr: Cdr,
  { placed, tell }: { placed: PlacedCallCorrections; tell(outcome: OutcomeMessage): Promise<void> },
): Promise<void> {
  const call = cdr.uniqueid
  if (call !== cdr.linkedid || !v.is(PlacedCallId, call)) return
  if (await placed.correct(site, call, resultByCdr(cdr))) await tell({ tell: { site, call } })
}
