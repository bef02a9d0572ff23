import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the tests run on the same major version of Node as the Lambda functions', () => {
  expect(process.version).toMatch(/^v24\./)
  expect(readFileSync('serverless.yml', 'utf8')).toContain('runtime: nodejs24.x')
})
