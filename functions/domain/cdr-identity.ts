import type { Cdr } from '../../contracts/cdr.ts'
import { cdrHash } from '../../contracts/cdr-digest.ts'

/** True for two deliveries of one CDR; a known key with other content is another call, and stored beside the first. */
export function sameCdr(a: Cdr, b: Cdr): boolean {
  return cdrHash(a) === cdrHash(b)
}
