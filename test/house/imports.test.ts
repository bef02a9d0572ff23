import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { sourceFiles } from '../support/source-files.ts'

/** Floors of the house, from the ground; the first pattern that fits a file says its floor. An import never goes up. */
const floors: [RegExp, number][] = [
  [/^contracts\//, 0],
  [/^(functions|bridge)\/(config|log|failure|backoff)\.ts$/, 1],
  [/^bridge\/(operate|enrolment)\//, 1],
  [/^functions\/domain\//, 1],
  [/^bridge\/(normalise|spool)\//, 1],
  [/^functions\/(secrets|caller)\.ts$/, 2],
  [/^functions\/(stores|gateways)\//, 2],
  [/^bridge\/(asterisk|forward)\//, 2],
  [/^functions\/.*\/handler\.ts$/, 4],
  [/^functions\/(http|queues|websocket|authorize)\//, 3],
  [/^bridge\/(commands|menus)\//, 3],
  [/^bridge\/[a-z-]+\.ts$/, 4],
  [/^cli\//, 5],
  [/^client\//, 5],
  [/^dashboard\//, 6],
]

/** What a tree may import besides itself. */
const mayImport: Record<string, string[]> = {
  contracts: [],
  functions: ['contracts'],
  bridge: ['contracts'],
  // `switchhook menu test` runs the bridge's own engine, without a phone.
  cli: ['contracts', 'bridge'],
  client: ['contracts'],
  dashboard: ['contracts', 'client'],
}

const files = sourceFiles(Object.keys(mayImport))
const imports = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => ({
    file,
    target: path.normalize(path.join(path.dirname(file), match[1] ?? '')),
  })),
)

const floorOf = (file: string) => floors.find(([pattern]) => pattern.test(file))?.[1]
const treeOf = (file: string) => file.split('/')[0] ?? ''

test('there are sources and imports to judge', () => {
  expect(files.length).toBeGreaterThan(40)
  expect(imports.length).toBeGreaterThan(100)
})

test('every source file stands on a floor', () => {
  expect(files.filter((file) => floorOf(file) === undefined)).toEqual([])
})

test('no import goes up', () => {
  const up = imports.filter(({ file, target }) => (floorOf(target) ?? 99) > (floorOf(file) ?? 0))
  expect(up).toEqual([])
})

test('bridge and functions meet only in contracts', () => {
  const across = imports.filter(({ file, target }) => {
    const tree = treeOf(file)
    return treeOf(target) !== tree && !mayImport[tree]?.includes(treeOf(target))
  })
  expect(across).toEqual([])
})

test('the client takes types alone from the contracts, so that it stays small', () => {
  const values = sourceFiles(['client']).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => /^import (?!type)/.test(line) && line.includes('/contracts/'))
      .map((line) => `${file}: ${line}`),
  )
  expect(values).toEqual([])
})
