import type { SiteId } from '../../contracts/names.ts'
import { isAudited, type RouteDefinition } from '../../contracts/routes/route.ts'
import type { Route } from '../../contracts/routes.ts'
import { type Caller, nameOf } from '../caller.ts'
import { config } from '../config.ts'
import { hidden, seesPersonal } from '../domain/personal.ts'
import { describeError, logOutcome } from '../log.ts'
import { AuditStore } from '../stores/audit.ts'
import { documentClient } from '../stores/table.ts'
import type { HttpEvent } from './input.ts'
import { HttpProblemError } from './problem.ts'
import type { AnyAnswer, AuditExtras } from './request.ts'

/** What the audit needs to know of a request that ended. */
interface Audited {
  route: Route
  definition: RouteDefinition
  caller: Caller
  status: number
  errorId: string | undefined
  extras: AuditExtras | undefined
}

type Refusal = { answer?: never; problem: HttpProblemError; error: unknown }
type Write = (audited: Audited, event: HttpEvent, now: number) => Promise<Refusal | undefined>

/** How a request ends: with an answer or with a problem. */
export type Outcome = { answer: AnyAnswer; problem?: never; error?: never } | Refusal

/** Writes the audit entries of one request: one, and a second if the request ends differently than an early entry says. */
export class RequestAudit {
  readonly #write: Write
  readonly #route: Pick<Audited, 'route' | 'definition'>
  readonly #event: HttpEvent
  #early: { errorId: string | undefined; extras: AuditExtras } | undefined
  constructor(write: Write, route: Pick<Audited, 'route' | 'definition'>, event: HttpEvent) {
    this.#write = write
    this.#route = route
    this.#event = event
  }

  /** `HttpRequest.auditNow`. */
  async now(caller: Caller, problem: HttpProblemError | undefined, extras: AuditExtras): Promise<void> {
    this.#early = { errorId: problem?.errorId, extras }
    const refusal = await this.#entry(caller, problem?.status ?? 200, problem?.errorId, extras)
    if (!refusal) return
    this.#early.errorId = refusal.problem.errorId
    throw refusal.problem
  }

  /** Returns the refusal to answer instead, if the entry is required and cannot be written. */
  async end(caller: Caller, { answer, problem }: Outcome): Promise<Refusal | undefined> {
    if (this.#early && this.#early.errorId === problem?.errorId) return undefined
    return this.#entry(caller, (answer ?? problem).status, problem?.errorId, answer?.audit ?? this.#early?.extras)
  }

  #entry(caller: Caller, status: number, errorId: string | undefined, extras: AuditExtras | undefined) {
    return this.#write({ ...this.#route, caller, status, errorId, extras }, this.#event, Date.now())
  }
}

/** Statuses without an entry: the request changed nothing, and strangers must not fill the audit. Routes with `dials` differ. */
const notWorthAnEntry: readonly number[] = [400, 401, 429]

/**
 * Returns a function that writes the entry of each change, done or refused, and of each read of personal data. If the entry of a
 * read or a grade lookup cannot be written, the read is not answered. A change is done by then, so its entry goes to the log.
 */
export function createAuditWriter(routes: readonly (readonly [string, RouteDefinition])[]): Write {
  if (!routes.some(([name, definition]) => isAudited(name, definition))) return async () => undefined
  const store = new AuditStore(documentClient(), config('TABLE_AUDIT').TABLE_AUDIT)
  return async (audited, event, now) => {
    if (!isWorthAnEntry(audited)) return undefined
    const { route, definition, caller, errorId = 'done', extras } = audited
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
      if (!route.startsWith('GET ') && !definition.reads) return undefined
      const detail = 'The audit entry cannot be written, so no personal data is shown. Try again.'
      return { problem: new HttpProblemError(503, 'audit-unavailable', detail), error }
    }
  }
}

/** Returns the path below the site. It hides a student number; the use case names the student by a fingerprint. */
function pathBelowSite({ rawPath, pathParameters }: HttpEvent): string {
  const below = rawPath.replace(/^\/v1\/(sites\/[^/]+\/?)?/, '')
  return pathParameters?.['matricule'] === undefined ? below : below.replace(/[^/]+$/, hidden)
}

function isWorthAnEntry({ route, definition, caller, status, errorId, extras }: Audited): boolean {
  // A known key that tries to dial a denied number is always written, even if the request was malformed. The rate limit bounds it.
  const isOverRate = errorId?.endsWith('-rate-exceeded') ?? false
  if (definition.dials && caller.kind === 'key' && status >= 400 && !isOverRate) return true
  if (!isAudited(route, definition) || notWorthAnEntry.includes(status)) return false
  if (caller.kind === 'unknown' && extras?.who === undefined) return false
  if (!route.startsWith('GET ')) return true
  const area = definition.personal
  return status < 300 && caller.kind === 'key' && area !== undefined && seesPersonal(caller, area)
}

/** Returns the site whose audit gets the entry: for a key that names another site, the site of the key. */
function siteOf({ caller, extras }: Audited, event: HttpEvent): SiteId | undefined {
  return extras?.site ?? (caller.kind === 'key' ? caller.site : event.pathParameters?.['site'])
}
