import * as v from 'valibot'
import { SiteId } from '../contracts/names.ts'
import { isScope, type Scope } from '../contracts/scopes.ts'

/** An API key of a site, and what it may do there. */
export interface SiteKey {
  kind: 'key'
  site: SiteId
  keyId: string
  scopes: ReadonlySet<Scope>
  /** Requests of 10 s; the default where absent. */
  requestsMax?: number | undefined
  /** Unix milliseconds at which key or secret end; API Gateway's cache knows nothing of it. */
  until?: number | undefined
}
/** The deployment's own key: makes sites and helps where a site has lost its keys. */
export interface Admin {
  kind: 'admin'
}
export interface Unknown {
  kind: 'unknown'
}

/** Who calls, as the authorizer found out. API Gateway carries it as flat text beside the request. */
export type Caller = Admin | SiteKey | Unknown

const digits = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))

const Context = v.variant('kind', [
  v.looseObject({ kind: v.literal('admin') }),
  v.looseObject({
    kind: v.literal('key'),
    site: SiteId,
    keyId: v.string(),
    scopes: v.string(),
    requestsMax: v.optional(digits),
    until: v.optional(digits),
  }),
  v.looseObject({ kind: v.literal('unknown') }),
])

export function callerContext(caller: Caller): Record<string, string> {
  if (caller.kind !== 'key') return { kind: caller.kind }
  const { kind, site, keyId, scopes, requestsMax, until } = caller
  const bounds = Object.entries({ requestsMax, until }).filter(([, value]) => value !== undefined)
  const texts = Object.fromEntries(bounds.map(([name, value]) => [name, String(value)]))
  return { kind, site, keyId, scopes: [...scopes].join(' '), ...texts }
}

/** Anything that is not a context of ours is nobody: a route without its authorizer stays shut. */
export function parseCaller(context: unknown): Caller {
  const parsed = v.safeParse(Context, context)
  if (!parsed.success) return { kind: 'unknown' }
  if (parsed.output.kind !== 'key') return { kind: parsed.output.kind }
  const { site, keyId, scopes, requestsMax, until } = parsed.output
  return { kind: 'key', site, keyId, scopes: new Set(scopes.split(' ').filter(isScope)), requestsMax, until }
}

/** How logs and audit name a caller. */
export function nameOf(caller: Caller): string {
  return caller.kind === 'key' ? `key:${caller.keyId}` : caller.kind
}
