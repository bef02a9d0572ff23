import { createHmac } from 'node:crypto'
import * as v from 'valibot'
import { SiteId } from '../../../contracts/names.ts'
import { sameText } from '../../domain/api-key.ts'
import { Search } from '../../domain/calls/search.ts'
import { HttpProblem } from '../problem.ts'

/** Where a page ended, and the whole search, so that the next page is of the same one. `list` keeps lists apart. */
const Position = v.object({
  site: SiteId,
  list: v.picklist(['cdrs', 'calls']),
  search: Search,
  after: v.string(),
})
export type Position = v.InferOutput<typeof Position>

const cursorLengthMax = 3_000

function seal(text: string, key: string): string {
  return createHmac('sha256', key).update(`cursor.2\n${text}`).digest('base64url')
}

/** Opaque to the caller, and signed: nobody can point one at rows of another site. */
export function writeCursor(position: Position, key: string): string {
  const text = Buffer.from(JSON.stringify(position)).toString('base64url')
  return `${text}.${seal(text, key)}`
}

export function readCursor(cursor: string, site: SiteId, list: Position['list'], key: string): Position {
  const wrong = new HttpProblem(
    400,
    'cursor-invalid',
    'The cursor is not one that this list gave; start without one.',
    [{ field: 'cursor', message: 'not one that this list gave' }],
  )
  const [text = '', signature = '', more] = cursor.length <= cursorLengthMax ? cursor.split('.') : []
  if (more !== undefined || !sameText(signature, seal(text, key))) throw wrong
  const position = v.safeParse(Position, JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
  if (!position.success || position.output.site !== site || position.output.list !== list) throw wrong
  return position.output
}
