import { randomInt } from 'node:crypto'
import * as v from 'valibot'
import type { CallResult } from '../../../contracts/call-result.ts'
import type { Call } from '../../../contracts/calls.ts'
import { PlacedCallId } from '../../../contracts/commands.ts'
import type { PlacedResult, PlacedStage } from '../../../contracts/placed.ts'

/** The fields of a call placed through the API that are shown. Times are Unix milliseconds. */
export interface PlacedFacts {
  stage: PlacedStage
  result?: PlacedResult | undefined
  /** How often the result was derived from the call's CDRs; absent if the bridge reported it. */
  corrections?: number | undefined
  cause?: number | undefined
  sipCode?: number | undefined
  endpoint: string
  to: string
  /** The digits that the dial plan dials. */
  dial?: string | undefined
  metadata?: Record<string, string> | undefined
  issuedAt: number
  endedAt?: string | undefined
}

export function makeCallId(now: number): string {
  return `sh-${Math.floor(now / 1000)}.${String(randomInt(10 ** 10)).padStart(10, '0')}`
}

/** Whether a linkedid is the id of a call that was placed through the API. */
export function isPlacedCall(linkedid: string): boolean {
  return v.is(PlacedCallId, linkedid)
}

/** Returns the call that a row of a placed call describes, without facts of the bridge. */
export function toCall(call: string, row: PlacedFacts): Call {
  const { stage, endpoint, to, issuedAt, endedAt } = row
  return {
    call,
    state: stage,
    caller: { number: '', name: '', endpoint },
    dialled: to,
    callees: [],
    startedAt: new Date(issuedAt).toISOString(),
    ...withOutcome(row),
    ...(endedAt !== undefined && { endedAt }),
  }
}

/** Returns a live call that Asterisk reports, with the stage and result of its row. */
export function enrich(call: Call, row: PlacedFacts): Call {
  return { ...call, state: row.stage, ...withOutcome(row) }
}

/** Returns the ended call with the facts of its row that no CDR has. */
export function withRow(call: Call, row: PlacedFacts): Call {
  return { ...call, ...withOutcome({ ...row, result: call.result }) }
}

/** Longer than the cloud takes to end a call of which its bridge reports no end (reap-call.ts). */
const openMsMax = 3_600_000

/**
 * Whether a call without a live state may still get its end from the bridge: its first CDRs may arrive a moment before. Such a
 * call is live, not ended, wherever it is read, so that nothing tells a result that changes a second later.
 */
export function isOpen({ stage, issuedAt }: Pick<PlacedFacts, 'stage' | 'issuedAt'>, now: number): boolean {
  return stage !== 'ended' && now < issuedAt + openMsMax
}

/**
 * Returns the one result of a call that was placed through the API. CDRs know who answered, voicemail too; what the bridge
 * reports knows why nobody did, since Asterisk writes neither Q.850 cause nor SIP code into a CDR.
 * @param byRecords what the CDRs say alone
 */
export function settledResult(byRecords: CallResult, row: Pick<PlacedFacts, 'result' | 'corrections'>): CallResult {
  const { result = 'unknown', corrections } = row
  if (result === 'unknown' || corrections !== undefined || byRecords === 'answered') return byRecords
  // A call that is cancelled while the phone rings may reach voicemail for the moment until its channel is gone.
  return byRecords === 'voicemail' && result !== 'cancelled' ? byRecords : result
}

type Outcome = Pick<PlacedFacts, 'result' | 'cause' | 'sipCode' | 'metadata' | 'dial'>
function withOutcome({ result, cause, sipCode, metadata, dial }: Outcome) {
  return {
    ...(result !== undefined && { result }),
    ...(cause !== undefined && { cause }),
    ...(sipCode !== undefined && { sipCode }),
    ...(dial !== undefined && { dials: dial }),
    ...(metadata !== undefined && { metadata }),
  }
}
