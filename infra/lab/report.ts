import { drawingOf, reasonOf } from './drawing.ts'
import type { Situation } from './situation.ts'
import { differences, expectedInShort, type Seen, seenInShort } from './verdict.ts'

/** One measurement of a situation. */
export interface Result {
  readonly situation: Situation
  readonly seen: Seen
}

/** Returns what is expected in a situation, why, and the ways of the packets. */
export function describe(situation: Situation): string {
  const { id, name, toA, fromA } = situation
  return `${id.padEnd(4)} ${name}
  expected (packets heard by A / by B): B calls A: ${expectedInShort(toA)}; A calls B: ${expectedInShort(fromA)}
  ${reasonOf(situation)}
${drawingOf(situation)}
`
}

/** Returns the description of a situation with what was seen. */
export function resultText({ situation, seen }: Result): string {
  const wrong = differences(situation, seen)
  const calls = `B calls A: ${seenInShort(seen.toA)}; A calls B: ${seenInShort(seen.fromA)}`
  const lines = describe(situation).split('\n')
  lines.splice(2, 0, `  seen${' '.repeat(36)}: ${calls}${seen.registered ? '' : '; A could not register'}`)
  return [`${wrong.length === 0 ? 'ok    ' : 'WRONG '}${lines.join('\n')}`, ...wrong.map((one) => `  ! ${one}\n`)].join(
    '',
  )
}

/** Returns a table in Markdown: a line for each situation, with what each run showed. */
export function tableOf(results: readonly Result[]): string {
  const head = '| | situation | B calls A: expected | seen | A calls B: expected | seen |\n|---|---|---|---|---|---|\n'
  const rows = [...Map.groupBy(results, ({ situation }) => situation.id).values()].map((runs) => {
    const [first] = runs
    if (!first) return ''
    const { id, name, toA, fromA } = first.situation
    const all = (of: (seen: Seen) => string) => [...new Set(runs.map(({ seen }) => of(seen)))].join('; ')
    const cells = [
      ...[id, name, expectedInShort(toA), all((seen) => seenInShort(seen.toA))],
      ...[expectedInShort(fromA), all((seen) => seenInShort(seen.fromA))],
    ]
    return `| ${cells.join(' | ')} |\n`
  })
  return head + rows.join('')
}
