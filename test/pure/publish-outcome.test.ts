import { expect, test } from 'vitest'
import { LiveStore } from '../../client/store.ts'
import type { CallState } from '../../contracts/facts.ts'
import type { CallEntity, DeltaFrame } from '../../contracts/frames.ts'
import type { PlacedResult } from '../../contracts/placed.ts'
import { formatVersion } from '../../contracts/version.ts'
import { publishOutcome } from '../../functions/queues/watch/publish-outcome.ts'
import type { PresenceRow } from '../../functions/stores/presence.ts'

/**
 * Goal: a result that the cloud found out reaches subscribers and never replaces a later fact of the bridge.
 * Method: the frames that are posted go into the client's own store, before and after frames of the bridge's facts.
 */
const now = Date.parse('2026-11-24T08:10:00.000Z')
const call = 'sh-1795507200.0000000001'
const startedAt = '2026-11-24T08:00:00.000Z'
const party = { number: '60', name: 'Phone 60', endpoint: 'PJSIP/5860' }
const talking: CallState = { call, state: 'answered', caller: party, dialled: '61', callees: [], startedAt }
const fact = (seq: number, state = talking): CallEntity => ({ id: call, v: formatVersion(7, seq), r: 0, state })

interface World {
  /** The live row of the call, if there is one. */
  row?: { v: string; r: number; state?: CallState; ended: boolean }
  /** Version of the last fact that was applied to the row of the placed call. */
  appliedVersion?: string
  result?: PlacedResult
  seenSecondsAgo?: number
  /** True if the live row changes between the read and the end. */
  changesMeanwhile?: boolean
}

/** Returns the frames that a subscriber gets, and the states with which live rows were ended. */
async function published({
  row,
  appliedVersion,
  result = 'unknown',
  seenSecondsAgo = 5,
  changesMeanwhile = false,
}: World) {
  const frames: DeltaFrame[] = []
  const ended: CallState[] = []
  const seen: PresenceRow[] = row
    ? [
        {
          ...row,
          id: call,
          w: now,
          settledBy: undefined,
          entity: row.state && { id: call, v: row.v, r: row.r, state: row.state },
        },
      ]
    : []
  const placed = { stage: 'ended' as const, result, endpoint: 'PJSIP/5860', to: '61', dial: '61', keyId: 'k' }
  await publishOutcome(
    { tell: { site: 'office', call } },
    {
      placed: {
        find: async () => ({
          ...placed,
          ringSeconds: 30,
          issuedAt: now - 600_000,
          deadline: now - 585_000,
          v: appliedVersion,
        }),
      },
      presence: {
        rows: async () => seen,
        end: async (_, entity) => {
          if (changesMeanwhile) return undefined
          if ('call' in entity.state) ended.push(entity.state as CallState)
          return entity
        },
      },
      epochs: { epoch: async () => 7 },
      lastSeen: async () => new Date(now - seenSecondsAgo * 1000).toISOString(),
      fanOutDependencies: {
        connections: {
          subscribers: async () => [{ id: 'page', personal: true }],
          close: async () => undefined,
        },
        sockets: {
          post: async (_, frame) => {
            frames.push(JSON.parse(frame))
            return 'sent'
          },
        },
        chunks: { send: async () => undefined },
        now: () => now,
        wait: async () => undefined,
        random: () => 0,
      },
      now,
    },
  )
  return { frames, ended }
}

const frameOf = (entity: CallEntity): DeltaFrame => ({
  type: 'delta',
  topic: 'calls',
  epoch: 7,
  ks: [],
  w: now,
  entities: [entity],
})
/** Returns the changes of the call that a page applies from these frames, and whether the call is live after them. */
function page(frames: readonly DeltaFrame[]) {
  const store = new LiveStore()
  const changes = frames.flatMap((frame) => store.delta(frame))
  const results = changes.map(({ kind, entity }) => {
    const state = entity?.state as CallState | undefined
    return state?.placed?.result ?? `${kind} ${state?.state}`
  })
  return { results, isLive: store.calls.has(call) }
}

test('ends a call on the page of which no fact had arrived, and a fact that arrives later replaces that end', async () => {
  const { frames } = await published({})
  expect(frames[0]?.entities[0]?.state).toMatchObject({ state: 'ended', dialled: '61', placed: { result: 'unknown' } })
  expect(page(frames)).toEqual({ results: ['unknown'], isLive: false })
  expect(page([...frames, frameOf(fact(1))])).toEqual({ results: ['unknown', 'set answered'], isLive: true })
})

test('ends the live row of a call whose bridge is offline; after that, only newer facts of the bridge change it', async () => {
  const live = { v: formatVersion(7, 5), r: 0, state: talking, ended: false }
  const { frames, ended } = await published({ row: live, seenSecondsAgo: 601 })
  expect(ended).toMatchObject([{ state: 'ended', caller: party, placed: { stage: 'ended', result: 'unknown' } }])
  const after = [frameOf(fact(5)), ...frames, frameOf(fact(4)), frameOf(fact(5))]
  expect(page(after)).toEqual({ results: ['set answered', 'unknown'], isLive: false })
  expect(page([...after, frameOf(fact(6))]).isLive).toBe(true)
})

test.each([
  ['whose bridge is online', { seenSecondsAgo: 5 }],
  ['whose row changed meanwhile', { seenSecondsAgo: 601, changesMeanwhile: true }],
])('publishes nothing for a live call %s: its bridge reports the end', async (_, world) => {
  const live = { v: formatVersion(7, 5), r: 0, state: talking, ended: false }
  expect(await published({ row: live, ...world })).toEqual({ frames: [], ended: [] })
})

test('publishes the result of a call that a new epoch ended, and the correction from its call record', async () => {
  const over = { v: formatVersion(7, 5), r: 1, state: { ...talking, state: 'ended' as const }, ended: true }
  const settled = frameOf({ ...fact(5, over.state), r: 1 })
  const unknown = await published({ row: over })
  const corrected = await published({ row: over, result: 'busy' })
  // The last two frames are published twice, as after a redelivery.
  const all = [
    frameOf(fact(5)),
    settled,
    ...unknown.frames,
    ...corrected.frames,
    ...corrected.frames,
    ...unknown.frames,
  ]
  expect(page(all)).toEqual({ results: ['set answered', 'gone ended', 'unknown', 'busy'], isLive: false })
})

test.each(['unknown', 'busy'] as const)('publishes the result %s in the call and in its stage', async (result) => {
  const over = { v: formatVersion(7, 5), r: 1, state: { ...talking, state: 'ended' as const }, ended: true }
  for (const world of [{}, { row: over }]) {
    const { frames } = await published({ ...world, result })
    expect(frames[0]?.entities[0]?.state).toMatchObject({ state: 'ended', result, placed: { result } })
  }
})

test('publishes a correction that the page accepts after the tombstone was deleted', async () => {
  const appliedVersion = formatVersion(7, 5)
  const unknown = await published({ row: { v: appliedVersion, r: 1, ended: true }, appliedVersion })
  const corrected = await published({ appliedVersion, result: 'answered' })
  expect(page([frameOf(fact(5)), ...unknown.frames, ...corrected.frames]).results).toEqual([
    'set answered',
    'unknown',
    'answered',
  ])
})
