import { createHmac } from 'node:crypto'
import type { NumberSearch } from '../../../contracts/numbers/number-search.ts'

/** What one erasure looks for, and what replaces ids that hold the number. */
export interface Erasing {
  search: NumberSearch
  /** Returns the same id for the same id in every pass, so that the legs of a call stay together and a pass can be repeated. */
  newId(id: string): string
}

/** `secret` belongs to the erasure alone and is deleted with it: then nobody can test which id was replaced by which. */
export function createErasing(search: NumberSearch, secret: string): Erasing {
  return { search, newId: (id) => `erased-${createHmac('sha256', secret).update(id).digest('hex').slice(0, 32)}` }
}
