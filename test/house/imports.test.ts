import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { importCycles, importsIn, readImports } from '../support/import-graph.ts'
import { sourceFiles } from '../support/source-files.ts'

/** The floors (layers), from the lowest up; the first pattern that matches a file gives its floor. An import never goes up. */
const floors: [RegExp, number][] = [
  [/^contracts\//, 0],
  [/^(functions|bridge)\/(config|config-schema|cdr-schema|schema-parts|log|failure|backoff)\.ts$/, 1],
  [/^bridge\/(operate|enrolment)\//, 1],
  [/^functions\/domain\//, 1],
  [/^bridge\/(normalise|spool)\//, 1],
  [/^functions\/(secrets|data-keys|parameter|caller)\.ts$/, 2],
  [/^functions\/(stores|gateways)\//, 2],
  [/^bridge\/(asterisk|database|forward)\//, 2],
  [/^functions\/.*\/handler\.ts$/, 4],
  [/^functions\/(http|queues|websocket|authorize)\//, 3],
  [/^bridge\/(commands|menus)\//, 3],
  [/^bridge\/((check|check\/pbx|setup|top)\/)?[a-z-]+\.ts$/, 4],
  [/^client\//, 5],
  [/^cli\//, 5],
  [/^infra\/(asterisk|local|replay|build)\//, 5],
  [/^infra\/lab\//, 6],
  [/^dashboard\//, 6],
  [/^infra\/start\//, 7],
  [/^(test|bench)\//, 8],
]

/** The trees that each tree may import besides itself. `test` may import everything. */
const mayImport: Record<string, string[]> = {
  contracts: [],
  functions: ['contracts'],
  bridge: ['contracts'],
  client: ['contracts'],
  dashboard: ['contracts', 'client'],
  // `switchhook menu test` runs the bridge's menu engine without a phone; `switchhook pbx` renders Asterisk's configuration.
  cli: ['contracts', 'client', 'bridge', 'infra/asterisk'],
  // The private Asterisk, the replay of recordings and the local cloud do not import each other.
  'infra/asterisk': ['contracts'],
  'infra/local': ['contracts'],
  'infra/lab': ['contracts', 'infra/asterisk'],
  'infra/replay': ['contracts'],
  'infra/build': ['contracts', 'functions', 'bridge'],
  'infra/start': ['contracts', 'client', 'dashboard', 'infra/asterisk', 'infra/local', 'infra/replay', 'infra/build'],
  bench: [
    'contracts',
    'bridge',
    'functions',
    'client',
    'infra/asterisk',
    'infra/build',
    'infra/replay',
    'infra/start',
    'test',
  ],
}

const folders = ['contracts', 'functions', 'bridge', 'client', 'dashboard', 'cli', 'infra', 'bench', 'test']
const files = sourceFiles(folders)
const imports = readImports(folders)

const floorOf = (file: string) => floors.find(([pattern]) => pattern.test(file))?.[1]
const treeOf = (file: string) => /^(infra\/)?[^/]+/.exec(file)?.[0] ?? ''
const arrow = ({ file, target }: { file: string; target: string }) => `${file} imports ${target}`

test('finds more than 700 source files and 2,000 imports to check', () => {
  expect(files.length).toBeGreaterThan(700)
  expect(imports.length).toBeGreaterThan(2_000)
})

test('every source file belongs to a floor, that is, a layer of the architecture', () => {
  expect(files.filter((file) => floorOf(file) === undefined)).toEqual([])
})

test('no file imports a file of a higher floor', () => {
  const up = imports.filter(({ file, target }) => (floorOf(target) ?? 99) > (floorOf(file) ?? 0))
  expect(up.map(arrow)).toEqual([])
})

test('each source tree imports only from the trees that are allowed for it', () => {
  const across = imports.filter(({ file, target }) => {
    const [from, to] = [treeOf(file), treeOf(target)]
    return from !== 'test' && from !== to && !mayImport[from]?.includes(to)
  })
  expect(across.map(arrow)).toEqual([])
})

test('there is no import cycle: no file imports itself through other files', () => {
  const sentences = importCycles(imports).map(
    (ring) => `Import cycle: ${ring.join(' -> ')}. Move what they share to a file of its own.`,
  )
  expect(sentences.join('\n')).toBe('')
})

test('the presence client imports values only from contract files that import types at most, so that its bundle contains no schema', () => {
  // The HTTP client parses answers with the contracts' schemas, and the call log reader is built on it.
  const typed = ['client/http-client.ts', 'client/http.ts', 'client/call-log.ts']
  const presence = sourceFiles(['client']).filter((file) => !typed.includes(file))
  const values = presence.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^import (?!type).*'(\..*\/contracts\/[^']+)'/gm)].map(
      ([line, target = '']) => ({ line: `${file}: ${line}`, target: path.join(path.dirname(file), target) }),
    ),
  )
  const heavy = values.filter(({ target }) => /^import (?!type )/m.test(readFileSync(target, 'utf8')))
  expect(heavy.map(({ line }) => line)).toEqual([])
})

describe('the search for import cycles', () => {
  const graph = (...edges: string[]) =>
    edges.map((edge) => {
      const [file = '', target = ''] = edge.split(' ')
      return { file, target }
    })

  test('finds no cycle if two files import the same third file', () => {
    expect(importCycles(graph('a c', 'b c', 'a b'))).toEqual([])
  })

  test('returns the shortest import cycle that contains the first file of the list', () => {
    expect(importCycles(graph('a b', 'b c', 'c d', 'd a', 'c a'))).toEqual([['a', 'b', 'c', 'a']])
  })

  test('finds a cycle that the first file imports without being part of it', () => {
    expect(importCycles(graph('a b', 'b c', 'c b'))).toEqual([['b', 'c', 'b']])
  })

  test('returns one cycle for each group of files that import each other', () => {
    expect(importCycles(graph('a b', 'b a', 'c d', 'd c', 'b c'))).toEqual([
      ['a', 'b', 'a'],
      ['c', 'd', 'c'],
    ])
  })

  test('counts type imports, re-exports and import() as imports', () => {
    const text = "import type { A } from './a.ts'\nexport * from '../b.ts'\nawait import('./c/d.ts')\nimport 'node:fs'"
    expect(importsIn('x/y.ts', text).map(({ target }) => target)).toEqual(['x/a.ts', 'b.ts', 'x/c/d.ts'])
  })
})
