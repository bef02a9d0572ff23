import { createHash } from 'node:crypto'

/*
 * How `switchhook pbx render` knows its own text again. A file that it owns begins with a line that has a digest of the rest. In a
 * file that a person keeps, its part is between two lines.
 */
const headPattern = /^; Rendered by switchhook pbx render\. Change the site, not this file\. ([0-9a-f]{16})\n/
const begin = '; BEGIN switchhook. Change the site, not these lines.'
const end = '; END switchhook'

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)

export function withHead(text: string): string {
  return `; Rendered by switchhook pbx render. Change the site, not this file. ${digest(text)}\n${text}`
}

/** `own`: rendered and not changed since. `edited`: rendered, then changed by hand. `foreign`: written by someone else. */
export function ownerOf(text: string): 'own' | 'edited' | 'foreign' {
  const found = headPattern.exec(text)
  if (!found) return 'foreign'
  return digest(text.slice(found[0].length)) === found[1] ? 'own' : 'edited'
}

/** The parts of a file around the marked block; without a block, all is before it. */
export interface Parts {
  readonly before: string
  readonly block: string | undefined
  readonly after: string
}

/** Splits a file at its marked block. Undefined if the marks are damaged: one without the other, or two blocks. */
export function splitAtBlock(text: string): Parts | undefined {
  const lines = text.split('\n')
  const at = (mark: string) => lines.flatMap((line, n) => (line.trimEnd() === mark ? [n] : []))
  const [first, ...moreFirst] = at(begin)
  const [last, ...moreLast] = at(end)
  if (first === undefined && last === undefined) return { before: text, block: undefined, after: '' }
  if (first === undefined || last === undefined || last < first || moreFirst.length + moreLast.length > 0)
    return undefined
  return {
    before: lines.slice(0, first).join('\n') + (first > 0 ? '\n' : ''),
    block: lines.slice(first + 1, last).join('\n'),
    after: lines.slice(last + 1).join('\n'),
  }
}

/** Puts a block into a file, at its old place or at the end. */
export function joinBlock({ before, after, block }: Parts, text: string): string {
  const gap = before === '' || before.endsWith('\n') ? '' : '\n'
  const tail = block === undefined ? '' : after
  return `${before}${gap}${begin}\n${text.trimEnd()}\n${end}\n${tail}`
}
