import type { AsteriskConf } from '../check/asterisk-conf.ts'

/** What the routes of a dial plan say about the digits that are dialled before an outside number. */
export interface PrefixFound {
  /** The prefix of most routes; empty for none. */
  readonly prefix: string
  /** Every prefix, with an example of a route. */
  readonly routes: readonly { prefix: string; pattern: string; count: number }[]
}

/** A pattern of fewer signs, and of no open end, is for extensions and short numbers. */
const outsideSigns = 6
const dialsOut = /\bDial\(|dialout-trunk|outdial/i

/**
 * Reads outside prefixes from the routes: `_9X.` that dials `${EXTEN:1}` strips a 9, `_0X.` that dials `${EXTEN}` strips nothing.
 * So do the routes that FreePBX generates. Undefined if no route is found.
 */
export function outsidePrefixIn(dialPlan: AsteriskConf): PrefixFound | undefined {
  const counts = new Map<string, { pattern: string; count: number }>()
  for (const section of dialPlan.values()) {
    let pattern = ''
    for (const { name, value } of section) {
      if (name === 'exten') pattern = /^([^,]*)/.exec(value)?.[1]?.trim() ?? ''
      else if (name !== 'same') continue
      const prefix = prefixOf(pattern, value)
      if (prefix === undefined) continue
      const known = counts.get(prefix) ?? { pattern, count: 0 }
      counts.set(prefix, { ...known, count: known.count + 1 })
    }
  }
  const routes = [...counts].map(([prefix, found]) => ({ prefix, ...found })).sort((a, b) => b.count - a.count)
  const [first] = routes
  return first && { prefix: first.prefix, routes }
}

function prefixOf(pattern: string, step: string): string | undefined {
  if (!pattern.startsWith('_') || !dialsOut.test(step)) return undefined
  const signs: string[] = pattern.slice(1).match(/\[[^\]]*\]|[^-]/g) ?? []
  const isOpen = signs.includes('.') || signs.includes('!')
  const isInternational = signs[0] === '+'
  if (isInternational || (!isOpen && signs.length < outsideSigns)) return undefined
  const strip = /\$\{EXTEN(?::(\d+))?\}/.exec(step)
  if (!strip) return undefined
  const stripped = Number(strip[1] ?? 0)
  const literal = signs.slice(0, stripped).join('')
  return /^\d{0,3}$/.test(literal) && literal.length === stripped ? literal : undefined
}
