import * as v from 'valibot'
import type { Cdr } from '../../contracts/cdr.ts'
import { PlacedCallId } from '../../contracts/commands.ts'
import type { BridgeEvent } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'
import type { Placed, PlacedResult } from '../../contracts/placed.ts'
import { resultByCdr } from '../domain/calls/placed.ts'
import type { Tell } from './watch/tell-outcome.ts'

export interface PlacedNotes {
  note(site: SiteId, call: string, version: string, placed: Placed, at: string): Promise<boolean>
}
export interface PlacedCorrections {
  /** True if that corrected it, each time that it comes. */
  correct(site: SiteId, call: string, result: PlacedResult): Promise<boolean>
}

/** Takes what facts say of calls placed by the API; in the order they happened, since each says where its call is. */
export async function notePlaced(site: SiteId, events: readonly BridgeEvent[], placed: PlacedNotes): Promise<void> {
  const told = events.filter((event) => event.type === 'switchhook.call.v1').sort((a, b) => (a.v < b.v ? -1 : 1))
  for (const { data, v: version, time } of told) {
    if (data.placed) await placed.note(site, data.call, version, data.placed, time)
  }
}

/** The caller's leg of a call by the API has the call's id; its CDR tells the end that nobody saw. */
export async function correctPlaced(
  site: SiteId,
  cdr: Cdr,
  { placed, tell }: { placed: PlacedCorrections; tell(outcome: Tell): Promise<void> },
): Promise<void> {
  const call = cdr.uniqueid
  if (call !== cdr.linkedid || !v.is(PlacedCallId, call)) return
  if (await placed.correct(site, call, resultByCdr(cdr))) await tell({ tell: { site, call } })
}
