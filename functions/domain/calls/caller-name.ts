/** The name in a `clid`, `"Jean \"JJ\" Dupont" <0612345678>` or `Jean <0612345678>`, without Asterisk's escapes. */
export function nameIn(clid: string): string {
  const [, quoted, plain = ''] = /^\s*(?:"(.*)"|([^"<]*?))\s*<[^<]*>\s*$/s.exec(clid) ?? []
  return (quoted ?? plain).replace(/\\+"/g, '"').replaceAll('\\\\', '\\').trim()
}
