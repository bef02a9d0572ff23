import { expect, test } from 'vitest'
import type { FuzzRequest } from '../support/fuzz/requests.ts'
import { fuzzRequests } from '../support/fuzz/run.ts'
import { inProcessApi } from '../support/in-process-api.ts'
import { Random } from '../support/random.ts'

/** A sample of the campaign `fuzz` without a network: the functions answer in this process, each over the same tables. */
test('answers requests made from the OpenAPI document as it describes, without a server error', async () => {
  const deployment = await inProcessApi()
  let sent = 0
  const send = ({ method, target, headers, body }: FuzzRequest) => {
    if (sent++ % 100 === 0) deployment.forgetRates()
    const bytes = body === undefined ? undefined : Buffer.from(body, 'base64')
    return deployment.request(method, target, headersOf(headers), bytes)
  }
  const random = new Random(Number(process.env['TEST_SEED'] ?? 1))
  const { findings, reached } = await fuzzRequests({
    deployment,
    send,
    random,
    count: 250,
    isShared: false,
    name: 'fuzz',
  })
  expect(findings).toEqual([])
  expect(reached.size).toBeGreaterThan(10)
})

/** Names that occur twice are joined, as API Gateway does. */
function headersOf(pairs: FuzzRequest['headers']): Headers {
  const headers = new Headers()
  for (const [name, value] of pairs) headers.append(name, value)
  return headers
}
