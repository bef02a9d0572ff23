import { beforeAll, expect, test } from 'vitest'
import { companyKinds } from './support/company-kinds.ts'
import { type CompanyRun, callFaults, fieldFaults, runCompany } from './support/company-run.ts'
import { hasSipp } from './support/trunk.ts'

/**
 * Goal: at a company whose PBX is configured as FreePBX does it, the last live state of each call and its story in the call log both
 * say what a person who watched the phones would say.
 * Method: real calls of every kind, all at the same time on phones of their own.
 */
let run: CompanyRun
beforeAll(async () => {
  if (hasSipp) run = await runCompany()
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
