import { expect, test } from 'vitest'
import { sharedDeployment } from '../support/deployment.ts'
import { atOnce, fuzzRequests } from '../support/fuzz/run.ts'
import { fuzzFrames } from '../support/fuzz/run-frames.ts'
import { httpSender } from '../support/fuzz/send.ts'
import { Random } from '../support/random.ts'

/** A sample of the campaign `fuzz`, which says how it works. The seed is TEST_SEED, printed at the start of a run. */
const deployment = sharedDeployment()
const options = {
  deployment,
  send: httpSender(deployment.cloud.httpUrl, atOnce),
  random: new Random(Number(process.env['TEST_SEED'] ?? 1)),
  isShared: true,
}

test('answers two requests of each operation of the OpenAPI document as it describes, without a server error', async () => {
  const { findings, reached } = await fuzzRequests({ ...options, name: 'fuzz-office', count: 140 })
  expect(findings).toEqual([])
  expect(reached.size).toBeGreaterThan(5)
})

test('answers each of 40 frames with a reply that the AsyncAPI document names for it', async () => {
  const { findings, answers } = await fuzzFrames({ ...options, name: 'fuzz-sockets', count: 40 })
  expect(findings).toEqual([])
  expect([...answers.keys()]).toEqual(expect.arrayContaining(['error', 'snapshot', 'pong']))
})
