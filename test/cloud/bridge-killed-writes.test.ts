import { expect, test } from 'vitest'
import { hasCompiler } from '../support/failing-disk.ts'
import { flowThrough } from './bridge-killed-writes.ts'

/*
 * Goal: kill -9 before or during any write loses nothing (faults 1 and 2).
 * Method: calls and call records flow through a bridge that is killed at its Nth write or sync, and started again. This is a
 * sample of `npm run campaign -- bridge-kills`, which kills it at 300 different writes.
 */
const flow = { calls: 25, cdrs: 200 }

test.runIf(hasCompiler).each([
  { at: 1, mode: 'kill' },
  { at: 5, mode: 'torn' },
  { at: 14, mode: 'kill' },
  { at: 23, mode: 'torn' },
  { at: 31, mode: 'kill' },
] as const)('a bridge that is killed at its write or sync no. $at (mode $mode) loses no call record', async (fault) => {
  const { wasKilled, cdrs } = await flowThrough(flow, fault)
  expect(wasKilled).toBe(true)
  expect(cdrs).toBe(flow.cdrs)
})
