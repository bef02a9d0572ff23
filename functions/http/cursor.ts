import { createHmac } from 'node:crypto'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { sameText } from '../domain/api-key.ts'
import { HttpProblemError } from './problem.ts'

/** A cursor holds a whole search in base64. */
const cursorLengthMax = 3_000

function seal(list: string, site: SiteId, text: string, key: string): string {
  return createHmac('sha256', key).update(`cursor.2\n${list}\n${site}\n${text}`).digest('base64url')
}

/**
 * Returns a cursor: the search and the position after the last row of a page. It is signed for its list and site, so that a
 * caller cannot change it to reach rows of another site. `list` names all that the cursor is bound to.
 */
export function writeCursor(list: string, site: SiteId, position: unknown, key: string): string {
  const text = Buffer.from(JSON.stringify(position)).toString('base64url')
  return `${text}.${seal(list, site, text, key)}`
}

export function readCursor<S extends v.GenericSchema>(
  list: string,
  site: SiteId,
  schema: S,
  cursor: string,
  key: string,
): v.InferOutput<S> {
  const [text = '', signature = '', more] = cursor.length <= cursorLengthMax ? cursor.split('.') : []
  if (more === undefined && sameText(signature, seal(list, site, text, key))) {
    const position = v.safeParse(schema, JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    if (position.success) return position.output
  }
  throw cursorInvalid('Not a cursor of this list, site and key.')
}

export function cursorInvalid(message: string): HttpProblemError {
  const detail = 'The cursor is not one that this list answered. Start without a cursor.'
  return new HttpProblemError(400, 'cursor-invalid', detail, { errors: [{ field: 'cursor', message }] })
}
