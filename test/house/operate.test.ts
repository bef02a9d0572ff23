import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { logCatalogue } from '../../bridge/operate/log-catalogue.ts'
import { counterCatalogue } from '../../bridge/operate/metrics/counter-catalogue.ts'
import { sourceFiles } from '../support/source-files.ts'

const operate = readFileSync('docs/operate.md', 'utf8')
const sourcesOf = (folder: string) => sourceFiles([folder]).map((file) => ({ file, text: readFileSync(file, 'utf8') }))
const isExplained = (name: string) => new RegExp(`^\\| [^|]*\`${name}\``, 'm').test(operate)

test('docs/operate.md explains each component of /healthz', () => {
  const names = sourcesOf('bridge').flatMap(({ text }) =>
    [...text.matchAll(/components\.add\('([a-z]+)'/g)].map(([, name = '']) => name),
  )
  expect(names.length).toBeGreaterThan(5)
  expect([...names, 'live', 'records'].filter((name) => !isExplained(name))).toEqual([])
})

test('docs/operate.md explains each outcome that a function logs as a warning or an error', () => {
  const names = sourcesOf('functions').flatMap(({ text }) =>
    [...text.matchAll(/logOutcome\(\s*(?!'info')[^,]+,\s*'([a-z-]+)'/g)].map(([, name = '']) => name),
  )
  expect(names.length).toBeGreaterThan(20)
  expect([...new Set(names)].filter((name) => !isExplained(name))).toEqual([])
})

test('every line and every counter of the catalogues is used: none stands in the tables that the bridge no longer has', () => {
  const sources = sourcesOf('bridge').filter(({ file }) => !/-catalogue\.ts$|-counters\.ts$/.test(file))
  const text = sources.map((source) => source.text).join('\n')
  const isUsed = (name: string) => new RegExp(`['\`]${name}['\`]`).test(text)
  // Their names are put together: from a lane, and from the outcome of a command.
  const composed = /^(sent|command)-/
  const names = [...Object.keys(logCatalogue), ...Object.keys(counterCatalogue)].filter((name) => !composed.test(name))
  expect(names.filter((name) => !isUsed(name))).toEqual([])
})
