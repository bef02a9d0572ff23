import { expect, test } from 'vitest'
import { hasCompiler } from '../support/failing-disk.ts'
import { flowThrough } from './bridge-killed-writes.ts'

/*
 * Goal: a disk that is full, fails or is slow loses nothing (faults 4, 5 and 6).
 * Method: calls and call records flow through a bridge whose writes or syncs fail by a preloaded shim; a bridge that ends
 * is started again on a whole disk, as a service manager does.
 */
const flow = { calls: 25, cdrs: 200 }

test.runIf(hasCompiler).each([
  ['fault 4: a disk that is full for a while', { mode: 'enospc', at: 12, count: 3 }, 0],
  ['fault 5: an fdatasync that fails', { mode: 'eiosync', at: 9 }, 1],
  ['fault 5: a write that fails', { mode: 'eio', at: 14 }, 1],
  ['fault 6: a sync of 15 ms', { syncMs: 15 }, 0],
  ['fault 6: a sync of 500 ms', { syncMs: 500 }, 0],
  ['fault 6: one sync that stalls for 5 s', { syncMs: 5000, syncAt: 9 }, 0],
] as const)('%s loses nothing', { timeout: 120_000 }, async (_what, fault, endings) => {
  const { ended, cdrs, heldLink } = await flowThrough(flow, fault)
  // After a failed sync nothing of what was written is believed: the process ends, and says so.
  expect(ended).toEqual(Array.from({ length: endings }, () => 74))
  expect(cdrs).toBe(flow.cdrs)
  // Events are taken, and Asterisk's answers heard, while the disk keeps the spool waiting.
  expect(heldLink).toBe(true)
})
