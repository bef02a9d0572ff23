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
/** Never rejects: every failure is the outcome `unavailable`. */
export type GradeLookup = (request: LookupRequest) => Promise<LookupOutcome>

const Problem = v.looseObject({ errorId: v.string() })

/**
 * Returns a function that looks a grade up through the HTTP API. `key` is a site key with the scope `grades:lookup` alone. A
 * lookup is not retried: the API counts each request as a try against guessing.
 */
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
      const outcome = outcomeOf(response.status, await response.json())
      if (outcome.kind === 'unavailable') counters.add('lookup-unavailable')
      return outcome
    } catch (error) {
      counters.add(error instanceof Error && error.name === 'TimeoutError' ? 'lookup-timeout' : 'lookup-unavailable')
      return { kind: 'unavailable' }
    }
  }
}

/** Throws if the body is neither a grade nor a problem. */
function outcomeOf(status: number, json: unknown): LookupOutcome {
  if (status === 200) return { kind: 'found', grade: v.parse(GradeFound, json) }
  switch (v.parse(Problem, json).errorId) {
    case 'grade-unknown':
      return { kind: 'unknown' }
    case 'lookup-locked':
    case 'lookup-cap':
      return { kind: 'locked' }
    case 'lookup-closed':
      return { kind: 'closed' }
    default:
      return { kind: 'unavailable' }
  }
}
