import type { Call } from '../../../contracts/calls.ts'
import type { CallEntity } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { callOf } from '../../domain/calls/call.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { HttpProblem } from '../problem.ts'
import type { CallPage, CallReader } from './list-calls.ts'

export interface LiveCalls {
  calls(site: SiteId): Promise<CallEntity[]>
}

/** The calls under way, oldest first: a site has some hundreds at most, so they are one page. */
export async function liveCalls(site: SiteId, presence: LiveCalls): Promise<CallPage> {
  const calls: Call[] = (await presence.calls(site)).map(({ state }) => state)
  return { calls: calls.sort((x, y) => (x.startedAt < y.startedAt ? -1 : 1)) }
}

/** A call by its linkedid: from the archive with its CDRs, or, before its first CDR, as it is live. */
export async function getCall(
  site: SiteId,
  id: string,
  { log, presence, numbering }: { log: Pick<CallReader, 'legs'>; presence: LiveCalls; numbering: Numbering },
): Promise<Call> {
  if (id.length > idCharsMax) throw unknownCall()
  const live = (await presence.calls(site)).find((call) => call.id === id)
  if (live) return live.state
  const legs = await log.legs(site, id)
  if (legs.length === 0) throw unknownCall()
  const cdrs = legs.sort((x, y) => (x.row < y.row ? -1 : 1)).map(({ cdr }) => cdr)
  return { ...callOf(cdrs, numbering), cdrs }
}

/** The contract's bound on a linkedid. */
const idCharsMax = 150

function unknownCall(): HttpProblem {
  return new HttpProblem(404, 'call-unknown', 'There is no such call, or not any more.')
}
