/**
 * One line that Asterisk's `cdr_custom` wrote with `format=json`. Two faults of its writer are undone
 * (res/cdrel_custom/writers.c of Asterisk 22.9 to 22.10): a quote in a value is escaped, while backslashes and control
 * characters are not; and a line ends after 1,023 characters, wherever that is.
 */
export type JsonLine =
  | { kind: 'row'; row: Record<string, unknown>; isCut: boolean }
  | { kind: 'malformed'; reason: string }

/** More fields than Asterisk and any PBX on it write. */
const fieldsMax = 200
const nameOf = /^\s*,?\s*"([^"\\]{1,80})"\s*:\s*/
const bareValue = /^(-?\d+(?:\.\d+)?|true|false|null)(?=\s*[,}]|\s*$)/

export function readJsonLine(text: string): JsonLine {
  const line = text.trim()
  const strict = parsed(line)
  if (strict !== undefined) return { kind: 'row', row: strict, isCut: false }
  if (!line.startsWith('{')) return { kind: 'malformed', reason: 'not JSON' }
  const row: Record<string, unknown> = {}
  let rest = line.slice(1)
  for (let fields = 0; fields < fieldsMax; fields += 1) {
    if (/^\s*\}\s*$/.test(rest)) return { kind: 'row', row, isCut: false }
    const name = nameOf.exec(rest)
    if (!name) break
    const [whole, key = ''] = name
    const value = readValue(rest.slice(whole.length))
    if (!value) break
    row[key] = value.value
    rest = rest.slice(whole.length + value.length)
  }
  if (Object.keys(row).length === 0) return { kind: 'malformed', reason: 'not JSON' }
  // The line is cut, and its last field with it. A brace at its end says nothing: it may be in a text.
  return { kind: 'row', row, isCut: true }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(line)
    return isRecord(json) ? json : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** The value at the beginning of `text`, and how many characters it takes; undefined where it is cut. */
function readValue(text: string): { value: unknown; length: number } | undefined {
  const bare = bareValue.exec(text)
  // `007`, which Asterisk or a damaged line may have, is no JSON.
  if (bare) return { value: /\d/.test(bare[0]) ? Number(bare[0]) : JSON.parse(bare[0]), length: bare[0].length }
  if (!text.startsWith('"')) return undefined
  const end = endOfText(text)
  if (end === undefined) return undefined
  return { value: text.slice(1, end).replaceAll('\\"', '"'), length: end + 1 }
}

/**
 * Every quote within a value has a backslash before it, so that `,"name":` and the brace at the end of the line can only
 * follow the quote that ends the value.
 */
function endOfText(text: string): number | undefined {
  for (let at = text.indexOf('"', 1); at >= 0; at = text.indexOf('"', at + 1)) {
    const after = text.slice(at + 1, at + 100)
    // Line breaks are in texts, never between fields.
    if (/^[ \t]*,[ \t]*"[^"\\]{1,80}"[ \t]*:/.test(after) || /^[ \t]*\}$/.test(text.slice(at + 1))) return at
  }
  return undefined
}
