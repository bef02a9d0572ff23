import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('tests run on the Node that Lambda runs', () => {
  expect(process.version).toMatch(/^v24\./)
  expect(readFileSync('serverless.yml', 'utf8')).toContain('runtime: nodejs24.x')
})
