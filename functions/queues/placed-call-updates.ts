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
  /** Returns true if this CDR corrects the result, at each of its deliveries. */
  correct(site: SiteId, call: string, result: PlacedResult): Promise<boolean>
}

/** Applies facts to the calls that were placed through the API, oldest first, since each fact has the whole state of its call. */
export async function updatePlacedCalls(
  site: SiteId,
  events: readonly BridgeEvent[],
  placed: PlacedCallUpdates,
): Promise<void> {
  const facts = events.filter((event) => event.type === 'switchhook.call.v1').sort((a, b) => (a.v < b.v ? -1 : 1))
  for (const { data, v: version, time } of facts) {
    if (data.placed) await placed.applyFact(site, data.call, version, data.placed, time)
  }
}

/**
 * Corrects the result of a call that was placed through the API and whose end the bridge did not report. The CDR of the
 * caller's leg has the call's id as its `uniqueid`.
 */
export async function correctPlacedCall(
  site: SiteId,
  cdr: Cdr,
  { placed, publish }: { placed: PlacedCallCorrections; publish(outcome: OutcomeMessage): Promise<void> },
): Promise<void> {
  const call = cdr.uniqueid
  if (call !== cdr.linkedid || !v.is(PlacedCallId, call)) return
  if (await placed.correct(site, call, resultByCdr(cdr))) await publish({ tell: { site, call } })
}
