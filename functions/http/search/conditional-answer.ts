import { createHash } from 'node:crypto'
import type { PersonalArea } from '../../../contracts/scopes.ts'
import { type Reader, seesPersonal } from '../../domain/personal.ts'
import { HttpProblemError } from '../problem.ts'

/** Refuses a search by number from a caller who may not see numbers: its results would reveal them. @throws HttpProblemError 403 */
export function checkSearchScope(reader: Reader, area: PersonalArea, query: { [name: string]: unknown }): void {
  const asked = ['caller', 'called', 'party', 'accountcode'].find((name) => query[name] !== undefined)
  if (asked === undefined || seesPersonal(reader, area)) return
  throw new HttpProblemError(403, 'scope-missing', `A search by ${asked} needs the scope cdrs:personal.`, {
    errors: [{ field: asked, message: 'Needs the scope cdrs:personal.' }],
  })
}

type Headers = Readonly<Record<string, string | undefined>>

/** Answers 200 with an ETag, or 304 without a body if If-None-Match has this ETag (RFC 9110, 13.1.2). */
export function conditionalAnswer<Body>(body: Body, headers: Headers) {
  const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 27)}"`
  const known = headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  const also = { headers: { etag, 'cache-control': 'private, no-cache' } }
  if (known?.some((tag) => tag === etag || tag === '*')) return { status: 304 as const, body: undefined, ...also }
  return { status: 200 as const, body, ...also }
}
