import * as v from 'valibot'
import { SiteId } from '../contracts/names.ts'
import { isScope, type Scope } from '../contracts/scopes.ts'

/** A caller with an API key of a site. */
export interface SiteKey {
  kind: 'key'
  site: SiteId
  keyId: string
  scopes: ReadonlySet<Scope>
  /** Requests of 10 s; the default where absent. */
  requestsMax?: number | undefined
  /** When the key or its secret expires, Unix milliseconds. Checked again, since API Gateway caches the authorizer's answer. */
  until?: number | undefined
}
/** The administrator of the deployment, who creates sites and replaces lost keys. */
export interface Admin {
  kind: 'admin'
}
export interface Unknown {
  kind: 'unknown'
}

/** The caller that the authorizer identified. API Gateway passes it to the function as a flat map of texts. */
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

/** Parses the authorizer's context. Any other context is an unknown caller, so a route without authorizer stays closed. */
export function parseCaller(context: unknown): Caller {
  const parsed = v.safeParse(Context, context)
  if (!parsed.success) return { kind: 'unknown' }
  if (parsed.output.kind !== 'key') return { kind: parsed.output.kind }
  const { site, keyId, scopes, requestsMax, until } = parsed.output
  return { kind: 'key', site, keyId, scopes: new Set(scopes.split(' ').filter(isScope)), requestsMax, until }
}

/** Returns the name of a caller in logs and audit log. */
export function nameOf(caller: Caller): string {
  return caller.kind === 'key' ? `key:${caller.keyId}` : caller.kind
}
