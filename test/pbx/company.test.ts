import { beforeAll, expect, test } from 'vitest'
import { companyKinds } from './support/company-kinds.ts'
import { type CompanyRun, callFaults, fieldFaults, runCompany } from './support/company-run.ts'
import { sampledScenarios } from './support/queue-scenarios.ts'
import { equalAfterEachStep } from './support/queue-watched.ts'
import { hasSipp } from './support/trunk.ts'

/**
 * Goal: at a company whose PBX is configured as FreePBX does it, the last live state of each call and its story in the call log both
 * say what a person who watched the phones would say.
 * Method: real calls of every kind, all at the same time on phones of their own. Beside them, queues of their own go through a sample of
 * the campaign `queues`, and what the bridge publishes is compared with the text of `queue show` after each step.
 */
let run: CompanyRun
let queueSteps: string[] = []
beforeAll(async () => {
  if (!hasSipp) return
  run = await runCompany(undefined, 'PJSIP', async (it) => {
    queueSteps = await equalAfterEachStep(it, sampledScenarios)
  })
})

test.runIf(hasSipp).each(companyKinds)(
  'the last live state and the call log tell the call as a person who watches the phones does: $kind',
  (kind) => {
    expect(callFaults(kind, run.calls.get(kind.kind))).toEqual([])
  },
)

test.runIf(hasSipp)('every line of the CDR file is read with each field as Asterisk wrote it', () => {
  expect(run.lines.length).toBeGreaterThan(companyKinds.length)
  expect(run.lines.flatMap(({ text, cdr }) => fieldFaults(text, cdr))).toEqual([])
})

test.runIf(hasSipp)('the bridge accepts every event, and its phones have the states that Asterisk reports', () => {
  expect(run.refusedFrames).toEqual([])
  expect(run.presence).toEqual([])
})

test.runIf(hasSipp)(
  'queues equal `queue show` after each step of pauses, logins, calls, waiting callers and reloads',
  () => {
    expect(queueSteps).toHaveLength(sampledScenarios.reduce((sum, { steps }) => sum + steps.length, 0))
  },
)
