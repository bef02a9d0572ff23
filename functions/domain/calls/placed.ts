import { randomInt } from 'node:crypto'
import type { Call } from '../../../contracts/calls.ts'
import type { Cdr } from '../../../contracts/cdr.ts'
import type { PlacedResult, PlacedStage } from '../../../contracts/placed.ts'

/** What the cloud keeps of a call placed by the API, as far as it is shown. Times are Unix milliseconds. */
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

/** A placed call as far as its own row knows it. */
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

/** What Asterisk tells of the call, with the API's own words for how far it is. */
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

/** What the CDR of the caller's leg says of a call whose end nobody saw; it is answered if a second leg was. */
export function resultByCdr(cdr: Cdr): PlacedResult {
  if (cdr.disposition === 'ANSWERED' && cdr.dstchannel === '') return 'no-answer'
  return byDisposition[cdr.disposition] ?? 'failed'
}
