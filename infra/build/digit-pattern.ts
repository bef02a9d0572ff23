/** Digits that may follow a beginning; `isEnd` if the beginning itself is one of the numbers. */
interface Node {
  isEnd: boolean
  next: Map<string, Node>
}

/**
 * Returns a regular expression, without anchors, that matches exactly the given numbers: `1(?:[578]|12)`. Digits after which
 * the same may follow become one class. Empty for no numbers.
 */
export function digitPattern(numbers: readonly string[]): string {
  const root: Node = { isEnd: false, next: new Map() }
  for (const number of numbers) add(root, number)
  return patternOf(root, new Map())
}

function add(root: Node, number: string): void {
  let node = root
  for (const digit of number) {
    const next: Node = node.next.get(digit) ?? { isEnd: false, next: new Map() }
    node.next.set(digit, next)
    node = next
  }
  node.isEnd = true
}

function patternOf(node: Node, known: Map<Node, string>): string {
  const seen = known.get(node)
  if (seen !== undefined) return seen
  const digitsOf = new Map<string, string>()
  for (const [digit, next] of [...node.next].sort(([a], [b]) => a.localeCompare(b))) {
    const rest = patternOf(next, known)
    digitsOf.set(rest, (digitsOf.get(rest) ?? '') + digit)
  }
  const ways = [...digitsOf].map(([rest, digits]) => classOf(digits) + rest)
  const joined = ways.join('|')
  const pattern = ways.length > 1 || (node.isEnd && ways.length > 0) ? `(?:${joined})${node.isEnd ? '?' : ''}` : joined
  known.set(node, pattern)
  return pattern
}

function classOf(digits: string): string {
  if (digits.length === 1) return digits
  return digits.length === 10 ? '\\d' : `[${digits}]`
}
