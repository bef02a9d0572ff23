import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { slips } from '../campaigns/slips/all.ts'
import { occurrences } from '../campaigns/slips/slip.ts'

test('each of at least 60 slips has its text once in its file, changes it, and names tests that exist', () => {
  expect(slips.length).toBeGreaterThanOrEqual(60)
  const wrong = slips.filter(
    ({ file, before, after, tests }) =>
      !existsSync(file) ||
      occurrences(readFileSync(file, 'utf8'), before) !== 1 ||
      before === after ||
      tests.length === 0 ||
      !tests.every((name) => existsSync(name)),
  )
  expect(wrong.map(({ what, file }) => `${what}: ${file}`)).toEqual([])
})

test('no two slips are the same', () => {
  const places = slips.map(({ file, before, after }) => JSON.stringify([file, before, after]))
  expect(new Set(places).size).toBe(places.length)
})
