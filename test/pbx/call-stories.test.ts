import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cdr } from '../../contracts/cdr.ts'
import { callOf } from '../../functions/domain/calls/call.ts'
import { callKinds, siteOfKinds } from './support/call-kinds.ts'
import { type LiveState, watchPbx } from './support/company-live.ts'
import { liveFaults, numberingOf } from './support/live-archive.ts'
import { startPbx, type TestPbx } from './support/pbx.ts'
import { hasSipp } from './support/trunk.ts'

/**
 * Goal: the story of a call, computed from its CDRs only, is what happened.
 * Method: real calls of every kind, each checked when its records are written.
 */
let it: TestPbx
let live: LiveState
beforeAll(async () => {
  it = await startPbx({ ringSeconds: 1, changeSite: siteOfKinds })
  live = await watchPbx(it.pbx)
})
afterAll(async () => {
  await live?.[Symbol.asyncDispose]()
  await it?.[Symbol.asyncDispose]()
})

test.runIf(hasSipp).each(callKinds(17).map((kind, n) => ({ ...kind, n })))(
  'computes from the CDRs of a call what happened in it: $kind',
  async ({ make, n, tells }) => {
    await make(it, n)
    const rows: unknown = await it.takeRecords(Object.keys(tells).length > 0 ? 1 : 0)
    const calls = [...Map.groupBy(rows as Cdr[], ({ linkedid }) => linkedid).values()]
    const stories = calls.map((cdrs) => callOf(cdrs, { country: 'FR' }))
    if (Object.keys(tells).length > 0) expect(stories).toMatchObject([tells])
  },
)

test.runIf(hasSipp)('the last live state of each call of this file says what the call log says', async () => {
  const cdrs = (await it.allRecords()) as unknown as Cdr[]
  expect(cdrs.length).toBeGreaterThan(0)
  expect(liveFaults(live.lastOfCalls(), cdrs, numberingOf(it.site))).toEqual([])
})
