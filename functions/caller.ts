import * as v from 'valibot'
import { SiteId } from '../contracts/names.ts'
import { isScope, type Scope } from './domain/scopes.ts'

/** An API key of a site, and what it may do there. */
export interface SiteKey {
  kind: 'key'
  site: SiteId
  keyId: string
  scopes: ReadonlySet<Scope>
}

/** Who calls, as the authorizer found out. API Gateway carries it as flat text beside the request. */
export type Caller = { kind: 'admin' } | SiteKey | { kind: 'unknown' }

const Context = v.variant('kind', [
  v.looseObject({ kind: v.literal('admin') }),
  v.looseObject({ kind: v.literal('key'), site: SiteId, keyId: v.string(), scopes: v.string() }),
  v.looseObject({ kind: v.literal('unknown') }),
])

export function callerContext(caller: Caller): Record<string, string> {
  if (caller.kind !== 'key') return { kind: caller.kind }
  return { kind: 'key', site: caller.site, keyId: caller.keyId, scopes: [...caller.scopes].join(' ') }
}

/** Anything that is not a context of ours is nobody: a route without its authorizer stays shut. */
export function parseCaller(context: unknown): Caller {
  const parsed = v.safeParse(Context, context)
  if (!parsed.success) return { kind: 'unknown' }
  if (parsed.output.kind !== 'key') return { kind: parsed.output.kind }
  const { site, keyId, scopes } = parsed.output
  return { kind: 'key', site, keyId, scopes: new Set(scopes.split(' ').filter(isScope)) }
}
