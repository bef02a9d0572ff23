/** One line of a configuration file of Asterisk that means something. `line` begins with 1. */
export type ConfLine =
  | { readonly kind: 'section'; readonly line: number; readonly name: string; readonly options: readonly string[] }
  | { readonly kind: 'setting'; readonly line: number; readonly name: string; readonly value: string }
  | { readonly kind: 'include'; readonly line: number; readonly pattern: string; readonly mayBeMissing: boolean }
  | { readonly kind: 'unreadable'; readonly line: number; readonly text: string }

/**
 * Reads the lines of a configuration file as Asterisk does: `;` begins a comment, `\;` is a semicolon, `;--` to `--;` is a comment of
 * several lines, `[name](!,base)` begins a section, `#include` and `#tryinclude` name files. `#exec` is skipped.
 */
export function confLines(text: string): ConfLine[] {
  return withoutComments(text)
    .split(/\r?\n/)
    .flatMap((content, index) => lineOf(content, index + 1))
}

function lineOf(content: string, line: number): ConfLine[] {
  if (content.trim() === '') return []
  const directive = /^\s*#\s*(\w+)\s*(.*?)\s*$/.exec(content)
  if (directive) {
    const [, name = '', rest = ''] = directive
    if (!/^(try)?include$/i.test(name)) return []
    const pattern = /^["<]?([^">]+?)[">]?$/.exec(rest)?.[1]
    if (pattern === undefined) return [{ kind: 'unreadable', line, text: content }]
    return [{ kind: 'include', line, pattern, mayBeMissing: /^try/i.test(name) }]
  }
  const header = /^\s*\[([^\]]+)\]\s*(?:\(([^)]*)\))?/.exec(content)
  if (header) {
    const options = (header[2] ?? '').split(',').map((one) => one.trim())
    return [{ kind: 'section', line, name: (header[1] ?? '').trim(), options: options.filter((one) => one !== '') }]
  }
  const [, name, value] = /^\s*([^=]+?)\s*=>?\s*(.*?)\s*$/.exec(content) ?? []
  if (name === undefined || value === undefined) return [{ kind: 'unreadable', line, text: content }]
  return [{ kind: 'setting', line, name, value }]
}

/** Comments of several lines leave their line ends, so that later lines keep their numbers. */
function withoutComments(text: string): string {
  const blocks = text.replace(/(?<!\\);--(?!-)[\s\S]*?--;/g, (comment) => comment.replace(/[^\n]/g, ''))
  return blocks.replace(/(?<!\\);.*$/gm, '').replaceAll('\\;', ';')
}
