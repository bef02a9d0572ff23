import { expect, test } from 'vitest'
import type { PlacedResult, PlacedStage } from '../../contracts/placed.ts'
import { type ReapMessage, reapCall } from '../../functions/queues/watch/reap-call.ts'

const now = Date.parse('2026-11-24T08:00:00.000Z')
const reap = { reap: { site: 'office', call: 'sh-1795507200.0000000001' } }

/** What the reaper does with a call that stands so. */
async function reaped(
  stage: PlacedStage | undefined,
  isLive: boolean,
  heardSecondsAgo: number | undefined,
  result?: PlacedResult,
) {
  const done: string[] = []
  await reapCall(reap, {
    placed: {
      find: async () => (stage === undefined ? undefined : { stage, result }),
      endAsUnknown: async (_, __, seen) => done.push(`gave up ${seen}`) > 0,
    },
    isLive: async () => isLive,
    lastSeen: async () =>
      heardSecondsAgo === undefined ? undefined : new Date(now - heardSecondsAgo * 1000).toISOString(),
    again: async (_: ReapMessage, seconds: number) => void done.push(`again in ${seconds}`),
    tell: async ({ tell }) => void done.push(tell.call === reap.reap.call ? 'told' : 'told another'),
    now,
  })
  return done
}

test.each([
  ['has ended', 'ended', false, 5, []],
  ['has ended, nobody knows how, and may not have been told', 'ended', false, 5, ['told'], 'unknown'],
  ['was erased', undefined, false, 5, []],
  ['is queued still', 'queued', false, 5, ['gave up queued', 'told']],
  ['rings', 'ringing-caller', true, 5, ['again in 300']],
  ['talks while its bridge is away for a while', 'answered', true, 300, ['again in 300']],
  ['talked when its bridge went for good', 'answered', true, 601, ['gave up answered', 'told']],
  ['rang, and its bridge knows nothing of it any more', 'ringing-callee', false, 5, ['gave up ringing-callee', 'told']],
  ['was sent by a bridge that was never heard again', 'sent', false, undefined, ['gave up sent', 'told']],
] as const)('a call that %s', async (_, stage, isLive, heard, done, result?: PlacedResult) => {
  expect(await reaped(stage, isLive, heard, result)).toEqual(done)
})

test('a call that goes on while it is given up is looked at again', async () => {
  const sent: number[] = []
  await reapCall(reap, {
    placed: { find: async () => ({ stage: 'queued' }), endAsUnknown: async () => false },
    isLive: async () => false,
    lastSeen: async () => undefined,
    again: async (_: ReapMessage, seconds: number) => void sent.push(seconds),
    tell: async () => void sent.push(0),
    now,
  })
  expect(sent).toEqual([300])
})
