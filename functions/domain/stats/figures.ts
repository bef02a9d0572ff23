import { callResults } from '../../../contracts/call-result.ts'
import type { Call, Direction } from '../../../contracts/calls.ts'
import type { Figures } from '../../../contracts/routes/stats.ts'

/** Counts of calls, all whole numbers. The order is that of the stored arrays, so a new one goes to the end. */
export const figureNames = [
  'calls',
  'answered',
  'abandoned',
  'busy',
  'failed',
  'voicemail',
  'talkSeconds',
  'ringSeconds',
] as const
export type Counts = number[]

export const directions: readonly Direction[] = ['internal', 'inbound', 'outbound']

export function noCounts(): Counts {
  return figureNames.map(() => 0)
}

/** Returns the counts of one call. Each call is exactly one of answered, abandoned, busy, failed and voicemail. */
export function countCall({ result = 'unknown', talkSeconds = 0, ringSeconds = 0 }: Call): Counts {
  const { figure } = callResults[result]
  const counted = { calls: 1, talkSeconds, ringSeconds, [figure]: 1 }
  return figureNames.map((name) => counted[name] ?? 0)
}

export function addCounts(into: Counts, counts: readonly number[]): void {
  for (const [i, count] of counts.entries()) into[i] = (into[i] ?? 0) + count
}

/** Returns the counts with ratios and averages. Ratios are rounded half up to three decimals, averages to one. */
export function toFigures(counts: Counts): Figures {
  const [calls = 0, answered = 0, abandoned = 0, busy = 0, failed = 0, voicemail = 0, talk = 0, ring = 0] = counts
  return {
    calls,
    answered,
    abandoned,
    busy,
    failed,
    voicemail,
    talkSeconds: talk,
    ringSeconds: ring,
    answerSeizureRatio: calls === 0 ? 0 : round(answered / calls, 1000),
    averageTalkSeconds: answered === 0 ? 0 : round(talk / answered, 10),
    averageRingSeconds: calls === 0 ? 0 : round(ring / calls, 10),
  }
}

function round(value: number, parts: number): number {
  return Math.floor(value * parts + 0.5) / parts
}
