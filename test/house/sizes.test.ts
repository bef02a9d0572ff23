import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sourceFiles } from '../support/source-files.ts'

const linesMax = 250
const medianMax = 110
const handlerLinesMax = 40

const sizes = sourceFiles(['contracts', 'functions', 'bridge', 'client', 'dashboard', 'infra', 'bench', 'cli'])
  .filter((file) => !file.endsWith('.d.ts'))
  .map((file) => ({ file, lines: readFileSync(file, 'utf8').trimEnd().split('\n').length }))
  .sort((a, b) => a.lines - b.lines)

test('no module is longer than 250 lines', () => {
  expect(sizes.filter(({ lines }) => lines > linesMax)).toEqual([])
})

test('the median length of the modules is at most 110 lines', () => {
  expect(sizes[Math.floor(sizes.length / 2)]?.lines).toBeLessThanOrEqual(medianMax)
})

test('no handler is longer than 40 lines', () => {
  const handlers = sizes.filter(({ file }) => file.endsWith('/handler.ts'))
  expect(handlers.length).toBeGreaterThan(5)
  expect(handlers.filter(({ lines }) => lines > handlerLinesMax)).toEqual([])
})
