import { createHash } from 'node:crypto'
import type { PersonalArea } from '../../../contracts/scopes.ts'
import { type Reader, seesPersonal } from '../../domain/personal.ts'
import { readOutcome } from '../conditions.ts'
import { HttpProblemError } from '../problem.ts'

/** Refuses a search by number or name from a caller who may not see them: its results would reveal them. @throws HttpProblemError 403 */
export function checkSearchScope(reader: Reader, area: PersonalArea, query: { [name: string]: unknown }): void {
  const asked = ['caller', 'called', 'party', 'accountcode', 'name'].find((name) => query[name] !== undefined)
  if (asked === undefined || seesPersonal(reader, area)) return
  throw new HttpProblemError(403, 'scope-missing', `A search by ${asked} needs the scope cdrs:personal.`, {
    errors: [{ field: asked, message: 'Needs the scope cdrs:personal.' }],
  })
}

type Headers = Readonly<Record<string, string | undefined>>

/** Answers 200 with an ETag, 304 without a body if If-None-Match has this ETag, or 412 if If-Match does not (RFC 9110, 13.2.2). */
export function conditionalAnswer<Body>(body: Body, headers: Headers) {
  const tag = createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 27)
  // A 304 has the headers that the 200 would have (RFC 9110, 15.4.5).
  const also = { headers: { etag: `"${tag}"`, 'cache-control': 'private, no-cache' } }
  if (readOutcome(headers, tag) === 'unchanged') return { status: 304 as const, body: undefined, ...also }
  return { status: 200 as const, body, ...also }
}
