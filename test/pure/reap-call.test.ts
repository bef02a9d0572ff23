import { expect, test } from 'vitest'
import type { PlacedResult, PlacedStage } from '../../contracts/placed.ts'
import { type ReapMessage, reapCall } from '../../functions/queues/watch/reap-call.ts'

const now = Date.parse('2026-11-24T08:00:00.000Z')
const reap = { reap: { site: 'office', call: 'sh-1795507200.0000000001' } }

/** Returns what `reapCall` does with a call in this stage. */
async function reaped(
  stage: PlacedStage | undefined,
  isLive: boolean,
  seenSecondsAgo: number | undefined,
  result?: PlacedResult,
  settles = false,
) {
  const done: string[] = []
  await reapCall(reap, {
    placed: {
      find: async () => (stage === undefined ? undefined : { stage, result }),
      endAsUnknown: async (_, __, seen) => done.push(`ended ${seen}`) > 0,
    },
    isLive: async () => isLive,
    lastSeen: async () =>
      seenSecondsAgo === undefined ? undefined : new Date(now - seenSecondsAgo * 1000).toISOString(),
    checkAgain: async (_: ReapMessage, seconds: number) => void done.push(`checks again in ${seconds} s`),
    settle: async () => settles && done.push('settled by its CDRs') > 0,
    publish: async ({ tell }) => void done.push(tell.call === reap.reap.call ? 'published' : 'published another call'),
    now,
  })
  return done
}

test.each([
  ['does nothing for a call that has ended', 'ended', false, 5, []],
  [
    'publishes an unknown result again, since a crash may have prevented it',
    'ended',
    false,
    5,
    ['published'],
    'unknown',
  ],
  ['settles an ended call whose CDRs say more', 'ended', false, 5, ['settled by its CDRs'], 'unreachable', true],
  [
    'settles a call that it ends, if the CDRs came first',
    'queued',
    false,
    5,
    ['ended queued', 'settled by its CDRs'],
    undefined,
    true,
  ],
  ['does nothing for a call that was erased', undefined, false, 5, []],
  ['ends a call that is still queued', 'queued', false, 5, ['ended queued', 'published']],
  ['checks a ringing call again in 5 minutes', 'ringing-caller', true, 5, ['checks again in 300 s']],
  ['checks a call again if its bridge was seen 300 s ago', 'answered', true, 300, ['checks again in 300 s']],
  ['ends a call if its bridge was not seen for over 600 s', 'answered', true, 601, ['ended answered', 'published']],
  ['ends a call that its bridge no longer has', 'ringing-callee', false, 5, ['ended ringing-callee', 'published']],
  ['ends a call if its bridge was never seen', 'sent', false, undefined, ['ended sent', 'published']],
] as const)('%s', async (_, stage, isLive, seenSecondsAgo, done, result?: PlacedResult, settles?: boolean) => {
  expect(await reaped(stage, isLive, seenSecondsAgo, result, settles)).toEqual(done)
})

test('checks a call again if its stage changes while it is being ended', async () => {
  const sent: number[] = []
  await reapCall(reap, {
    placed: { find: async () => ({ stage: 'queued' }), endAsUnknown: async () => false },
    isLive: async () => false,
    lastSeen: async () => undefined,
    checkAgain: async (_: ReapMessage, seconds: number) => void sent.push(seconds),
    settle: async () => false,
    publish: async () => void sent.push(0),
    now,
  })
  expect(sent).toEqual([300])
})
