import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../bridge/normalise/ari-objects.ts'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'

/*
 * Goal: which channels are one call follows Asterisk's linkedid, and each join is published at once. Method: two calls of two
 * phones each, and an event that joins channels of both without an event of a single channel.
 */

const now = '2026-11-23T19:00:30.000Z'

function apply(state: PbxState, ...events: object[]) {
  return events.flatMap((event) => {
    const frame = readFrame(Buffer.from(JSON.stringify(event)))
    return frame.kind === 'event' ? state.apply(frame.event, now) : []
  })
}

const channel = (n: number, state = 'Up') => ({
  id: `pbx1-1795000000.${n}`,
  name: `PJSIP/58${60 + n}-0000000${n}`,
  state,
  caller: { name: `Phone ${60 + n}`, number: String(60 + n) },
  dialplan: { context: 'internes', exten: String(61 + n), app_name: n % 2 === 0 ? 'Dial' : 'AppDial', app_data: '' },
  creationtime: `2026-11-23T19:00:0${n}.000+0000`,
})

/** Phone 60 talks to 61, and 62 to 63: channels 0 to 3. */
function twoCalls(): PbxState {
  const state = new PbxState()
  for (const n of [0, 2]) {
    apply(
      state,
      { type: 'ChannelCreated', channel: channel(n, 'Ring') },
      { type: 'ChannelCreated', channel: channel(n + 1, 'Down') },
      { type: 'Dial', caller: channel(n), peer: channel(n + 1, 'Down'), dialstatus: '', dialstring: '' },
      { type: 'Dial', caller: channel(n), peer: channel(n + 1), dialstatus: 'ANSWER', dialstring: '' },
    )
    const channels = [channel(n).id, channel(n + 1).id]
    for (const one of [n, n + 1])
      apply(state, { type: 'ChannelEnteredBridge', channel: channel(one), bridge: { bridge_type: 'mixing', channels } })
  }
  expect(state.calls.live().map(({ call }) => call)).toEqual([channel(0).id, channel(2).id])
  return state
}

const ids = (...channels: number[]) => channels.map((n) => channel(n).id)
const joins: Record<string, object> = {
  'a merge of bridges': {
    type: 'BridgeMerged',
    bridge: { bridge_type: 'mixing', channels: ids(0) },
    bridge_from: { bridge_type: 'mixing', channels: ids(3) },
  },
  'an attended transfer': {
    type: 'BridgeAttendedTransfer',
    transferer_first_leg: channel(1),
    transferer_second_leg: channel(2),
    transferee: channel(0),
    transfer_target: channel(3),
  },
  'a blind transfer whose other call is named': {
    type: 'BridgeBlindTransfer',
    channel: channel(1),
    replace_channel: channel(3),
  },
}

describe.each(Object.entries(joins))('%s', (_, event) => {
  test('ends the younger call into the older one, and publishes the parties of both at once', () => {
    const state = twoCalls()
    const facts = apply(state, event).map((fact) => fact.state)
    expect(facts).toMatchObject([
      { call: channel(2).id, state: 'ended', mergedInto: channel(0).id },
      { call: channel(0).id, state: 'answered' },
    ])
    const [, joined] = facts
    const parties = ['61', '63'].map((number) => expect.objectContaining({ number }))
    expect(joined).toMatchObject({ callees: expect.arrayContaining(parties) })
    expect(state.calls.live()).toEqual([joined])
    expect(apply(state, event)).toEqual([])
  })
})

describe('a holding bridge, as parking and music on hold have', () => {
  const parked = (n: number) => ({
    type: 'ChannelEnteredBridge',
    channel: channel(n),
    bridge: { bridge_type: 'holding', channels: ids(1, 3) },
  })

  test('joins no calls when channels of two calls enter it', () => {
    const state = twoCalls()
    apply(state, parked(1), parked(3))
    expect(state.calls.live().map(({ call }) => call)).toEqual(ids(0, 2))
  })

  test('joins no calls when a bridge of this program starts, and a mixing bridge does', () => {
    const channels = [0, 2].map((n) => ({ ...channel(n), dialplan: { context: '', exten: '', app_name: 'Dial' } }))
    const load = (bridge_type: string) => {
      const state = new PbxState()
      const bridges = [{ bridge_type, channels: ids(0, 2), creationtime: channel(0).creationtime }]
      const linkedids = new Map(ids(0, 2).map((id) => [id, id]))
      const snapshot: Snapshot = { endpoints: [], deviceStates: [], channels, bridges, linkedids }
      state.resynchronise(snapshot, now)
      return state.calls.live().length
    }
    expect([load('holding'), load('mixing')]).toEqual([2, 1])
  })

  /** Phone 60's call: parked from the second `from` on, taken out again at `to`, over at 40. */
  const endOf = (from: number, to: number, answered = 'Up') => {
    const state = new PbxState()
    const at = (seconds: number) => `2026-11-23T19:00:${String(seconds).padStart(2, '0')}.000+0000`
    const entered = (bridge_type: string, seconds: number) => ({
      type: 'ChannelEnteredBridge',
      channel: channel(0),
      bridge: { bridge_type, channels: ids(0) },
      timestamp: at(seconds),
    })
    const own = [
      { type: 'ChannelCreated', channel: channel(0, 'Ring'), timestamp: at(0) },
      { type: 'Dial', caller: channel(0, 'Ring'), peer: channel(1, 'Down'), dialstatus: '', timestamp: at(1) },
      { type: 'ChannelStateChange', channel: channel(0), timestamp: at(2) },
      { type: 'ChannelStateChange', channel: channel(1, answered), timestamp: at(10) },
      ...(to > 0 ? [entered('mixing', to)] : []),
      entered('holding', from),
    ].toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1))
    const gone = [1, 0].map((n) => ({ type: 'ChannelDestroyed', channel: channel(n), cause: 16, timestamp: at(40) }))
    return apply(state, ...own, ...gone).at(-1)?.state
  }

  test('holds the caller: the end tells the seconds after the answer, whether somebody took the call out again or not', () => {
    expect(endOf(12, 20)).toMatchObject({ result: 'answered', parkedSeconds: 8 })
    expect(endOf(12, 0)).toMatchObject({ result: 'answered', parkedSeconds: 28 })
    expect(endOf(3, 20)).toMatchObject({ parkedSeconds: 10 })
    expect(endOf(3, 5)).not.toHaveProperty('parkedSeconds')
  })

  test('leaves the time of the answer what it was: that of the phone, not of what answered the caller before', () => {
    expect(endOf(12, 20)).toMatchObject({ answeredAt: '2026-11-23T19:00:10.000Z' })
    expect(endOf(12, 20, 'Ringing')).not.toMatchObject({ result: 'answered' })
  })
})
