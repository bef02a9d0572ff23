import { type Document, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml'
import type { Path } from './numbers.ts'

/** A place in a text; line and column begin with 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** Returns where a key stands in the text: the value, or the nearest mapping or list above that exists. */
export function placeOf(document: Document, lines: LineCounter, path: Path, isKey = false): Place | undefined {
  let node: unknown = document.contents
  let offset = startOf(node)
  for (const [depth, key] of path.entries()) {
    const resolved: unknown = resolve(document, node)
    if (isMap(resolved)) {
      const pair = resolved.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      if (!pair) break
      node = pair.value
      const wantsKey = isKey && depth === path.length - 1
      offset = (wantsKey ? undefined : startOf(node)) ?? startOf(pair.key) ?? offset
    } else if (isSeq(resolved)) {
      node = resolved.items[Number(key)]
      offset = startOf(node) ?? offset
    } else break
  }
  if (offset === undefined) return undefined
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

function resolve(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

function isAlias(node: unknown): node is Node & { resolve(document: Document): unknown } {
  return typeof node === 'object' && node !== null && 'resolve' in node && 'source' in node
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined
  const { range } = node
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined
}
