import type { SiteId } from '../../contracts/names.ts'
import type { Route } from '../../contracts/operations.ts'
import { type Caller, nameOf } from '../caller.ts'
import { config } from '../config.ts'
import { hidden, seesPersonal } from '../domain/personal.ts'
import { describeError, logOutcome } from '../log.ts'
import { AuditStore } from '../stores/audit.ts'
import { documentClient } from '../stores/table.ts'
import type { HttpEvent } from './admit.ts'
import { HttpProblem } from './problem.ts'
import type { AuditExtras } from './request.ts'
import { isAudited, ruleOf } from './routes.ts'

/** How a request ended, as far as the audit asks. */
export interface Audited {
  route: Route
  caller: Caller
  status: number
  errorId?: string
  extras: AuditExtras | undefined
}

type Refusal = { answer?: never; problem: HttpProblem; error: unknown }
type Audit = (audited: Audited, event: HttpEvent, now: number) => Promise<Refusal | undefined>

/** Malformed, unknown and too many: nothing was done, and strangers must not be able to fill the audit. But see `dials`. */
const notWorthAnEntry: readonly number[] = [400, 401, 429]

/**
 * Writes the entry of each change, done or refused, and of each read of personal data by someone who sees it. A read, a
 * lookup of a mark too, whose entry cannot be written is not answered; a change is done by then, so its entry goes to the log instead.
 */
export function openAudit(routes: readonly Route[]): Audit {
  if (!routes.some(isAudited)) return async () => undefined
  const store = new AuditStore(documentClient(), config('TABLE_AUDIT').TABLE_AUDIT)
  return async (audited, event, now) => {
    if (!isWorthAnEntry(audited)) return undefined
    const { route, caller, errorId = 'done', extras } = audited
    const { requestId, http } = event.requestContext
    const on = extras?.on ?? pathBelowSite(event)
    const act = {
      who: extras?.who ?? nameOf(caller),
      what: route,
      on,
      from: http.sourceIp,
      outcome: errorId,
      requestId,
    }
    try {
      await store.record(siteOf(audited, event), act, now)
      return undefined
    } catch (error) {
      logOutcome('error', 'audit-failed', { ...act, error: describeError(error) })
      if (!route.startsWith('GET ') && !ruleOf(route).reads) return undefined
      const detail = 'The audit cannot be written, so nothing personal is shown; try again.'
      return { problem: new HttpProblem(503, 'audit-unavailable', detail), error }
    }
  }
}

/** A student number is no part of the audit; whoever did something to one names it by fingerprint. */
function pathBelowSite({ rawPath, pathParameters }: HttpEvent): string {
  const below = rawPath.replace(/^\/v1\/(sites\/[^/]+\/?)?/, '')
  return pathParameters?.['matricule'] === undefined ? below : below.replace(/[^/]+$/, hidden)
}

function isWorthAnEntry({ route, caller, status, errorId, extras }: Audited): boolean {
  // Each try of a known key to dial what may not be is wanted, however it was written. Only so many can come this far.
  const isOverRate = errorId?.endsWith('-rate-exceeded') ?? false
  if (ruleOf(route).dials && caller.kind === 'key' && status >= 400 && !isOverRate) return true
  if (!isAudited(route) || notWorthAnEntry.includes(status)) return false
  if (caller.kind === 'unknown' && extras?.who === undefined) return false
  if (!route.startsWith('GET ')) return true
  const area = ruleOf(route).personal
  return status < 300 && caller.kind === 'key' && area !== undefined && seesPersonal(caller, area)
}

/** An entry stands with the site it is about; a key's attempt at another site with the key's own. */
function siteOf({ caller, extras }: Audited, event: HttpEvent): SiteId | undefined {
  return extras?.site ?? (caller.kind === 'key' ? caller.site : event.pathParameters?.['site'])
}
