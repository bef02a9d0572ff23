import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { GradeFound } from '../../contracts/routes/grades.ts'
import type { Counters } from '../operate/counters.ts'
import { giveUpMs, type LookupOutcome } from './engine.ts'

export interface LookupRequest {
  matricule: string
  caller: string
  pin: string | undefined
}
/** Always answers: what went wrong on the way is `unavailable`. */
export type GradeLookup = (request: LookupRequest) => Promise<LookupOutcome>

const Refusal = v.looseObject({ errorId: v.string() })

/** Asks the HTTP API with a site key that may do nothing but look up. One try: each counts against guessing. */
export function gradeLookup(
  { api, site, key }: { api: string; site: SiteId; key: string },
  counters: Counters,
): GradeLookup {
  const url = `${api.replace(/\/+$/, '')}/v1/sites/${encodeURIComponent(site)}/grade-lookups`
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return async (request) => {
    try {
      const signal = AbortSignal.timeout(giveUpMs)
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(request), signal })
      return outcomeOf(response.status, await response.json())
    } catch (error) {
      counters.add(error instanceof Error && error.name === 'TimeoutError' ? 'lookup-timeout' : 'lookup-unavailable')
      return { kind: 'unavailable' }
    }
  }
}

function outcomeOf(status: number, json: unknown): LookupOutcome {
  if (status === 200) return { kind: 'found', grade: v.parse(GradeFound, json) }
  const { errorId } = v.parse(Refusal, json)
  if (errorId === 'grade-unknown') return { kind: 'unknown' }
  if (errorId === 'lookup-locked') return { kind: 'locked' }
  if (errorId === 'lookup-closed') return { kind: 'closed' }
  throw new Error(errorId)
}
