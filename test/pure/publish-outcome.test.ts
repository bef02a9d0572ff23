import { expect, test } from 'vitest'
import { LiveStore } from '../../client/store.ts'
import type { CallState } from '../../contracts/facts.ts'
import type { CallEntity, DeltaFrame } from '../../contracts/frames.ts'
import type { PlacedResult } from '../../contracts/placed.ts'
import { formatVersion } from '../../contracts/version.ts'
import { publishOutcome } from '../../functions/queues/watch/publish-outcome.ts'
import type { PresenceRow } from '../../functions/stores/presence.ts'

/**
 * Goal: an outcome that the cloud found out reaches subscribers, and never beats a later word of the bridge.
 * Method: the frame that is posted goes into the client's own store, among what the bridge told before and after.
 */
const now = Date.parse('2026-11-24T08:10:00.000Z')
const call = 'sh-1795507200.0000000001'
const startedAt = '2026-11-24T08:00:00.000Z'
const party = { number: '60', name: 'Phone 60', endpoint: 'PJSIP/5860' }
const talking: CallState = { call, state: 'answered', caller: party, dialled: '61', callees: [], startedAt }
const fact = (seq: number, state = talking): CallEntity => ({ id: call, v: formatVersion(7, seq), r: 0, state })

interface World {
  /** What the live table has of the call, if anything. */
  row?: { v: string; r: number; state?: CallState; ended: boolean }
  /** The version of the last fact that the call's own row noted. */
  noted?: string
  result?: PlacedResult
  heardSecondsAgo?: number
  /** The live row goes on between reading and ending it. */
  movesOn?: boolean
}

/** The frames that a subscriber is sent, and what the live table was told to end. */
async function told({ row, noted, result = 'unknown', heardSecondsAgo = 5, movesOn = false }: World) {
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
        find: async () => ({ ...placed, ringSeconds: 30, issuedAt: now - 600_000, deadline: now - 585_000, v: noted }),
      },
      presence: {
        rows: async () => seen,
        end: async (_, entity) => {
          if (movesOn) return undefined
          if ('call' in entity.state) ended.push(entity.state as CallState)
          return entity
        },
      },
      epochs: { epoch: async () => 7 },
      lastSeen: async () => new Date(now - heardSecondsAgo * 1000).toISOString(),
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
/** What a page is told of the call by these frames: each change that it takes, and whether the call is live after them. */
function page(frames: readonly DeltaFrame[]) {
  const store = new LiveStore()
  const changes = frames.flatMap((frame) => store.delta(frame))
  const results = changes.map(({ kind, entity }) => {
    const state = entity?.state as CallState | undefined
    return state?.placed?.result ?? `${kind} ${state?.state}`
  })
  return { results, isLive: store.calls.has(call) }
}

test('a call of which no bridge said anything ends on the page, and a fact that comes after all is newer', async () => {
  const { frames } = await told({})
  expect(frames[0]?.entities[0]?.state).toMatchObject({ state: 'ended', dialled: '61', placed: { result: 'unknown' } })
  expect(page(frames)).toEqual({ results: ['unknown'], isLive: false })
  expect(page([...frames, frameOf(fact(1))])).toEqual({ results: ['unknown', 'set answered'], isLive: true })
})

test('a call whose bridge is gone ends in the live table too; its facts of before change nothing, those of later do', async () => {
  const live = { v: formatVersion(7, 5), r: 0, state: talking, ended: false }
  const { frames, ended } = await told({ row: live, heardSecondsAgo: 601 })
  expect(ended).toMatchObject([{ state: 'ended', caller: party, placed: { stage: 'ended', result: 'unknown' } }])
  const after = [frameOf(fact(5)), ...frames, frameOf(fact(4)), frameOf(fact(5))]
  expect(page(after)).toEqual({ results: ['set answered', 'unknown'], isLive: false })
  expect(page([...after, frameOf(fact(6))]).isLive).toBe(true)
})

test.each([
  ['whose bridge speaks', { heardSecondsAgo: 5 }],
  ['that went on meanwhile', { heardSecondsAgo: 601, movesOn: true }],
])('of a live call %s nothing is told: its bridge tells its end', async (_, world) => {
  const live = { v: formatVersion(7, 5), r: 0, state: talking, ended: false }
  expect(await told({ row: live, ...world })).toEqual({ frames: [], ended: [] })
})

test('the end of a call that a new epoch did not list is told with its result, and corrected by its record', async () => {
  const over = { v: formatVersion(7, 5), r: 1, state: { ...talking, state: 'ended' as const }, ended: true }
  const settled = frameOf({ ...fact(5, over.state), r: 1 })
  const unknown = await told({ row: over })
  const corrected = await told({ row: over, result: 'busy' })
  // The last of them twice, as a redelivery brings it.
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

test('a correction finds the page also once the tombstone is gone', async () => {
  const noted = formatVersion(7, 5)
  const unknown = await told({ row: { v: noted, r: 1, ended: true }, noted })
  const corrected = await told({ noted, result: 'answered' })
  expect(page([frameOf(fact(5)), ...unknown.frames, ...corrected.frames]).results).toEqual([
    'set answered',
    'unknown',
    'answered',
  ])
})
