/** Lines that show the surroundings of a change. */
const contextLines = 3
/** Beyond so many changed lines a file is shown as removed and added as a whole. */
const editsMax = 1000

type Edit = { readonly kind: ' ' | '-' | '+'; readonly line: string }

/** Returns the difference of two texts in the unified format; empty if they are equal. Passwords and PINs are not shown. */
export function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return ''
  const edits = editsOf(linesOf(before), linesOf(after))
  const out: string[] = [`--- a/${name}`, `+++ b/${name}`]
  for (const [from, to] of hunksOf(edits)) {
    const head = edits.slice(0, from)
    const body = edits.slice(from, to)
    const count = (list: readonly Edit[], not: string) => list.filter(({ kind }) => kind !== not).length
    const [oldCount, newCount] = [count(body, '+'), count(body, '-')]
    const [oldLine, newLine] = [count(head, '+') + (oldCount > 0 ? 1 : 0), count(head, '-') + (newCount > 0 ? 1 : 0)]
    out.push(`@@ -${oldLine},${oldCount} +${newLine},${newCount} @@`)
    out.push(...body.map(({ kind, line }) => `${kind}${withoutSecrets(line)}`))
  }
  return `${out.join('\n')}\n`
}

function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function withoutSecrets(line: string): string {
  return line
    .replace(/^(\s*(?:password|secret|md5_cred|auth|dbpass)\s*=>?\s*).+$/i, '$1(secret)')
    .replace(/^(\s*\d+\s*=>\s*)[^,]+,/, '$1(secret),')
}

function hunksOf(edits: readonly Edit[]): [number, number][] {
  const hunks: [number, number][] = []
  for (const [n, { kind }] of edits.entries()) {
    if (kind === ' ') continue
    const from = Math.max(0, n - contextLines)
    const to = Math.min(edits.length, n + contextLines + 1)
    const last = hunks.at(-1)
    if (last && from <= last[1]) last[1] = to
    else hunks.push([from, to])
  }
  return hunks
}

/** The shortest edit script (Myers, 1986), between the equal beginnings and ends of the texts. */
function editsOf(before: readonly string[], after: readonly string[]): Edit[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let same = 0
  while (same < before.length - start && same < after.length - start && before.at(-1 - same) === after.at(-1 - same))
    same += 1
  const keep = (line: string): Edit => ({ kind: ' ', line })
  return [
    ...before.slice(0, start).map(keep),
    ...middle(before.slice(start, before.length - same), after.slice(start, after.length - same)),
    ...before.slice(before.length - same).map(keep),
  ]
}

function middle(a: readonly string[], b: readonly string[]): Edit[] {
  const trace: Map<number, number>[] = []
  let reach = new Map<number, number>([[1, 0]])
  for (let d = 0; d <= Math.min(a.length + b.length, editsMax); d += 1) {
    trace.push(reach)
    const next = new Map(reach)
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1))
      let x = down ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1
      next.set(k, x)
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a, b)
    }
    reach = next
  }
  return [...a.map((line): Edit => ({ kind: '-', line })), ...b.map((line): Edit => ({ kind: '+', line }))]
}

function walkBack(trace: readonly Map<number, number>[], a: readonly string[], b: readonly string[]): Edit[] {
  const edits: Edit[] = []
  let [x, y] = [a.length, b.length]
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const reach = trace[d] ?? new Map<number, number>()
    const k = x - y
    const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1))
    const fromK = down ? k + 1 : k - 1
    const fromX = d === 0 ? 0 : (reach.get(fromK) ?? 0)
    const fromY = d === 0 ? 0 : fromX - fromK
    while (x > fromX && y > fromY) {
      x -= 1
      y -= 1
      edits.push({ kind: ' ', line: a[x] ?? '' })
    }
    if (d > 0 && down) {
      y -= 1
      edits.push({ kind: '+', line: b[y] ?? '' })
    } else if (d > 0) {
      x -= 1
      edits.push({ kind: '-', line: a[x] ?? '' })
    }
  }
  return edits.reverse()
}
