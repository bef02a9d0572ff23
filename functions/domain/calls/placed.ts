import { randomInt } from 'node:crypto'
import type { Call } from '../../../contracts/calls.ts'
import type { Cdr } from '../../../contracts/cdr.ts'
import type { PlacedResult, PlacedStage } from '../../../contracts/placed.ts'

/** The fields of a call placed through the API that are shown. Times are Unix milliseconds. */
export interface PlacedFacts {
  stage: PlacedStage
  result?: PlacedResult | undefined
  cause?: number | undefined
  sipCode?: number | undefined
  endpoint: string
  to: string
  metadata?: Record<string, string> | undefined
  issuedAt: number
  endedAt?: string | undefined
}

export function makeCallId(now: number): string {
  return `sh-${Math.floor(now / 1000)}.${String(randomInt(10 ** 10)).padStart(10, '0')}`
}

/** Returns the call that a row of a placed call describes, without facts of the bridge. */
export function toCall(call: string, row: PlacedFacts): Call {
  const { stage, result, cause, sipCode, endpoint, to, metadata, issuedAt, endedAt } = row
  return {
    call,
    state: stage,
    caller: { number: '', name: '', endpoint },
    dialled: to,
    callees: [],
    startedAt: new Date(issuedAt).toISOString(),
    ...withOutcome({ result, cause, sipCode, metadata }),
    ...(endedAt !== undefined && { endedAt }),
  }
}

/** Returns a call that Asterisk reports, with the stage and result of its row. */
export function enrich(call: Call, row: PlacedFacts): Call {
  const { stage, result, cause, sipCode, metadata } = row
  return { ...call, state: stage, ...withOutcome({ result, cause, sipCode, metadata }) }
}

function withOutcome({
  result,
  cause,
  sipCode,
  metadata,
}: Pick<PlacedFacts, 'result' | 'cause' | 'sipCode' | 'metadata'>) {
  return {
    ...(result !== undefined && { result }),
    ...(cause !== undefined && { cause }),
    ...(sipCode !== undefined && { sipCode }),
    ...(metadata !== undefined && { metadata }),
  }
}

const byDisposition: Readonly<Record<string, PlacedResult>> = {
  ANSWERED: 'answered',
  BUSY: 'busy',
  'NO ANSWER': 'no-answer',
}

/** Returns the result that the CDR of the caller's leg shows. The call was answered only if the CDR has a second channel. */
export function resultByCdr(cdr: Cdr): PlacedResult {
  if (cdr.disposition === 'ANSWERED' && cdr.dstchannel === '') return 'no-answer'
  return byDisposition[cdr.disposition] ?? 'failed'
}
