import { createHmac } from 'node:crypto'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { sameText } from '../domain/api-key.ts'
import { HttpProblemError } from './problem.ts'

/** Room for a whole search in base64. */
const cursorLengthMax = 3_000

function seal(list: string, site: SiteId, text: string, key: string): string {
  return createHmac('sha256', key).update(`cursor.2\n${list}\n${site}\n${text}`).digest('base64url')
}

/**
 * Where a page ended, with the whole search, so that the next page is of the same one. Opaque to the caller, and signed
 * for its list and site: nobody can point one at rows of another.
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
  const message = 'not one that this list gave'
  throw new HttpProblemError(400, 'cursor-invalid', `The cursor is ${message}; start without one.`, {
    errors: [{ field: 'cursor', message }],
  })
}
