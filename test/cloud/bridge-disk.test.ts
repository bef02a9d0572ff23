import { expect, test } from 'vitest'
import { hasCompiler } from '../support/failing-disk.ts'
import { flowThrough } from './bridge-killed-writes.ts'

/*
 * Goal: a full, failing or slow disk loses nothing (faults 4, 5 and 6).
 * Method: calls and call records flow through a bridge whose writes or syncs fail by a preloaded library. When the bridge
 * exits, it is started again on a working disk, as a service manager does.
 */
const flow = { calls: 25, cdrs: 200 }

test.runIf(hasCompiler).each([
  ['fault 4: the bridge loses nothing if the disk is full for a while', { mode: 'enospc', at: 12, count: 3 }, 0],
  ['fault 5: the bridge loses nothing if an fdatasync fails', { path: '.seg', mode: 'eiosync', at: 4 }, 1],
  ['fault 5: the bridge loses nothing if a write fails', { path: '.seg', mode: 'eio', at: 6 }, 1],
  ['fault 6: the bridge loses nothing if each sync takes 15 ms', { syncMs: 15 }, 0],
  ['fault 6: the bridge loses nothing if each sync takes 500 ms', { syncMs: 500 }, 0],
  ['fault 6: the bridge loses nothing if one sync takes 5 s', { syncMs: 5000, syncAt: 9 }, 0],
] as const)('%s', async (_what, fault, endings) => {
  const { ended, cdrs, heldLink } = await flowThrough(flow, fault)
  // The segments hold the only copy of a fact. After a failed sync the written data cannot be trusted, so the process exits with status 74.
  expect(ended).toEqual(Array.from({ length: endings }, () => 74))
  expect(cdrs).toBe(flow.cdrs)
  // The bridge still handles events and answers of Asterisk while the spool waits for the disk.
  expect(heldLink).toBe(true)
})
