import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from '../../../contracts/calls.ts'
import type { CallEntity } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { callOf } from '../../domain/calls/call.ts'
import { enrich, isOpen, type PlacedFacts, toCall } from '../../domain/calls/placed.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import type { LogRow } from '../../stores/call-log.ts'
import { HttpProblemError } from '../problem.ts'
import type { CallPage, CallReader, PlacedReader } from './list-calls.ts'

export interface LiveCalls {
  calls(site: SiteId): Promise<CallEntity[]>
}

/** Returns the calls in progress on one page, oldest first: a site has a few hundred at most. */
export async function liveCalls(
  site: SiteId,
  { presence, open, placed }: Pick<CallSources, 'presence' | 'placed'> & { open: OpenList },
): Promise<CallPage> {
  const [entities, ids] = await Promise.all([presence.calls(site), open.list(site)])
  const rows = new Map<string, PlacedFacts>()
  for (const [id, row] of await Promise.all(ids.map(async (id) => [id, await placed.find(site, id)] as const))) {
    if (row && row.stage !== 'ended') rows.set(id, row)
  }
  const live = new Set(entities.map(({ id }) => id))
  const calls: Call[] = entities.map(({ id, state }) => {
    const row = rows.get(id)
    return row ? enrich(state, row) : state
  })
  // Calls placed by API that have not reached the PBX yet.
  for (const [id, row] of rows) if (!live.has(id)) calls.push(toCall(id, row))
  return { calls: calls.sort((x, y) => (x.startedAt < y.startedAt ? -1 : 1)) }
}

/** Ids of calls placed by API that have not ended. */
export interface OpenList {
  list(site: SiteId): Promise<string[]>
}

export interface CallSources {
  log: Pick<CallReader, 'legs'>
  presence: LiveCalls
  placed: PlacedReader
  numbering: Numbering
  now: () => number
}

/** Returns a call by its linkedid: its live state, or the archived call with its CDRs. @throws HttpProblemError 404 */
export async function getCall(
  site: SiteId,
  id: string,
  { log, presence, placed, numbering, now }: CallSources,
): Promise<Call> {
  if (id.length > idCharsMax) throw unknownCall()
  const row = await placed.find(site, id)
  const live = (await presence.calls(site)).find((call) => call.id === id)
  if (live) return row ? enrich(live.state, row) : live.state
  if (row && isOpen(row, now())) return toCall(id, row)
  const call = archived(await log.legs(site, id), numbering, row)
  if (call) return call
  if (!row) throw unknownCall()
  return toCall(id, row)
}

function archived(legs: readonly LogRow[], numbering: Numbering, row: PlacedFacts | undefined): Call | undefined {
  const cdrs = [...legs].sort((x, y) => (x.row < y.row ? -1 : 1)).map(({ cdr }) => cdr)
  const call = callOf(cdrs, numbering, row)
  return call && { ...call, cdrs }
}

/** Interval of reads while a client waits for a change: at most 50 reads in the 25 s that it may wait. */
const lookMs = 500

/** Returns the call at its next change, or unchanged after `seconds`. A call that has ended does not change, so nobody waits for it. */
export async function nextChange(
  read: () => Promise<Call>,
  seconds: number | undefined,
  now: () => number,
  counted: (wait: () => Promise<Call>) => Promise<Call> = (wait) => wait(),
): Promise<Call> {
  const first = await read()
  if (seconds === undefined || first.state === 'ended') return first
  return counted(async () => {
    const until = now() + 1000 * seconds
    let call = first
    while (call.state !== 'ended' && now() < until && JSON.stringify(call) === JSON.stringify(first)) {
      await sleep(lookMs)
      call = await read()
    }
    return call
  })
}

/** Longest linkedid that a CDR may have (contracts/cdr.ts). */
const idCharsMax = 150

function unknownCall(): HttpProblemError {
  return new HttpProblemError(404, 'call-unknown', 'The site has no such call, or no longer has it.')
}
