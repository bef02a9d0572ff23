import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cdr } from '../../contracts/cdr.ts'
import { callOf } from '../../functions/domain/calls/call.ts'
import { callKinds, siteOfKinds } from './support/call-kinds.ts'
import { startPbx, type TestPbx } from './support/pbx.ts'
import { hasSipp } from './support/trunk.ts'

/**
 * Goal: the story of a call, computed from its CDRs only, is what happened.
 * Method: real calls of every kind, each checked when its records are written.
 */
let it: TestPbx
beforeAll(async () => {
  it = await startPbx({ ringSeconds: 1, changeSite: siteOfKinds })
})
afterAll(() => it?.[Symbol.asyncDispose]())

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
