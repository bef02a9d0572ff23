import { withoutAccents } from '../../../contracts/accents.ts'
import type { Cdr } from '../../../contracts/cdr.ts'

/** The name in a `clid`, `"Jean \"JJ\" Dupont" <0612345678>` or `Jean <0612345678>`, without Asterisk's escapes. */
export function nameIn(clid: string): string {
  const [, quoted, plain = ''] = /^\s*(?:"(.*)"|([^"<]*?))\s*<[^<]*>\s*$/s.exec(clid) ?? []
  return (quoted ?? plain).replace(/\\+"/g, '"').replaceAll('\\\\', '\\').trim()
}

/** Whether the caller's name has a text in it. `part` is folded. */
export function isNamed(cdr: Cdr, part: string): boolean {
  const names = [nameIn(cdr.clid), cdr['cnam']]
  return names.some((name) => typeof name === 'string' && folded(name).includes(part))
}

/** For comparing names: lower case, without accents, with single spaces. */
export function folded(name: string): string {
  // NFKC: full-width letters and ligatures are found by plain ones.
  return withoutAccents(name.normalize('NFKC')).replace(/\s+/g, ' ').trim().toLowerCase()
}
