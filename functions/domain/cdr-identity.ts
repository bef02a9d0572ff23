import { createHash } from 'node:crypto'
import type { Cdr } from '../../contracts/cdr.ts'

/**
 * A short hash of all that a CDR says. `(uniqueid, sequence)` is not unique over two starts of Asterisk within one
 * second, so a key that comes back with other content is another call: it is stored beside the first, under this hash.
 */
export function cdrHash(cdr: Cdr): string {
  const fields = Object.entries(cdr).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 12)
}

export function sameCdr(a: Cdr, b: Cdr): boolean {
  return cdrHash(a) === cdrHash(b)
}
