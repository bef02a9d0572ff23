import type { FileChange } from './file-change.ts'

const contextLines = 2
const secretLine = /^(\+?\s*"?(?:password|secret)"?\s*[=:]\s*"?)[^",]+/

/** Shows changes in the form of `diff -u`. New passwords are not shown. */
export function diffOf(changes: readonly FileChange[]): string {
  return changes.map(oneDiff).join('\n')
}

function oneDiff({ path, before, after }: FileChange): string {
  const old = linesOf(before ?? '')
  const fresh = linesOf(after)
  const same = firstDifference(old, fresh)
  const from = Math.max(0, same - contextLines)
  const removed = old.slice(same).map((line) => `-${line}`)
  const added = fresh.slice(same).map((line) => `+${line}`.replace(secretLine, '$1(new, 32 characters)'))
  const range = (start: number, count: number) => `${count === 0 ? start : start + 1},${count}`
  return [
    `--- ${before === undefined ? '/dev/null' : path}`,
    `+++ ${path}`,
    `@@ -${range(from, old.length - from)} +${range(from, fresh.length - from)} @@`,
    ...old.slice(from, same).map((line) => ` ${line}`),
    ...removed,
    ...added,
    '',
  ].join('\n')
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

function firstDifference(a: readonly string[], b: readonly string[]): number {
  const found = b.findIndex((line, n) => line !== a[n])
  return found < 0 ? b.length : found
}
