import { createHmac } from 'node:crypto'
import * as v from 'valibot'
import { SiteId, Timestamp } from '../../../contracts/names.ts'
import { sameText } from '../../domain/api-key.ts'
import { HttpProblem } from '../problem.ts'

/** Where a page of the call log ended. It carries the whole search, so that the next page is of the same one. */
const Position = v.looseObject({ site: SiteId, from: Timestamp, to: Timestamp, after: v.string() })
export type Position = v.InferOutput<typeof Position>

const cursorLengthMax = 2_000

function seal(text: string, key: string): string {
  return createHmac('sha256', key).update(`cursor.1\n${text}`).digest('base64url')
}

/** Opaque to the caller, and signed: nobody can point one at rows of another site. */
export function writeCursor(position: Position, key: string): string {
  const text = Buffer.from(JSON.stringify(position)).toString('base64url')
  return `${text}.${seal(text, key)}`
}

export function readCursor(cursor: string, site: SiteId, key: string): Position {
  const wrong = new HttpProblem(400, 'cursor-invalid', 'The cursor is not one that this list gave; start without one.')
  const [text = '', signature = ''] = cursor.length <= cursorLengthMax ? cursor.split('.') : []
  if (!sameText(signature, seal(text, key))) throw wrong
  const position = v.parse(Position, JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
  if (position.site !== site) throw wrong
  return position
}
