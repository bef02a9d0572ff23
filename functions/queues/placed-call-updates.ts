import type { BridgeEvent } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'
import type { Placed } from '../../contracts/placed.ts'

export interface PlacedCallUpdates {
  applyFact(site: SiteId, call: string, version: string, placed: Placed, at: string): Promise<boolean>
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
