import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AriEvent } from '../../bridge/normalise/events.ts'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { Pipeline } from '../../bridge/pipeline.ts'
import { Presence } from '../../bridge/presence.ts'
import type { CallState } from '../../contracts/facts.ts'

/**
 * Goal: every stage of a call placed through the API is published, in whatever order Asterisk's threads send their events.
 * Method: a recorded call from one phone to another, its events reordered as they were observed on a busy machine.
 */
const call = 'sh-1795460627.0000000001'
const recorded: AriEvent[] = readFileSync(join(import.meta.dirname, '../recordings/click_to_call.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .flatMap((line) => {
    const frame = readFrame(Buffer.from(line.replaceAll('c2c-1001', call)))
    return frame.kind === 'event' ? [frame.event] : []
  })

/** Returns the published states of the call, in order. */
async function publishedStates(events: readonly AriEvent[]): Promise<CallState[]> {
  const lines: string[] = []
  const state = new PbxState()
  const spool = { append: (line: Buffer) => lines.push(line.toString()), hasRoom: () => true }
  const counters = new Counters()
  const nowMs = () => Date.parse('2026-11-23T19:03:47.000Z')
  const pipeline = new Pipeline({ site: 'office', state, spool, counters, nowMs })
  const silent = () => undefined
  const presence = new Presence({
    run: 'test',
    state,
    pipeline,
    counters,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    takeEpoch: async () => 1,
    lastSeenMs: undefined,
    nowMs,
    monotonicMs: nowMs,
  })
  const snapshot = { endpoints: [], deviceStates: [], channels: [], bridges: [], linkedids: new Map() }
  await presence.connected(snapshot, () => [])
  state.placed.begin(call, { endpoint: 'PJSIP/5861', extension: '60', startedAt: '2026-11-23T19:03:47.000Z' })
  state.placed.sent(call)
  for (const event of events) pipeline.onEvent(event)
  const published = lines.map((line): { subject: string; data: CallState } => JSON.parse(line))
  return published.flatMap(({ data }) => (data.call === call ? [data] : []))
}

/** Returns the published stages of the call, without consecutive repetitions. */
async function publishedStages(events: readonly AriEvent[]): Promise<string[]> {
  const stages = (await publishedStates(events)).flatMap(({ placed }) => (placed ? [placed.stage] : []))
  return stages.filter((stage, i) => stage !== stages[i - 1])
}

const ofCaller = (event: AriEvent, status: string) =>
  event.type === 'Dial' && event.peer.id === call && event.dialstatus === status
const ofCallee = (event: AriEvent, status: string) =>
  event.type === 'Dial' && event.caller?.id === call && event.dialstatus === status
const ringsAt = (event: AriEvent, isCaller: boolean) =>
  event.type === 'ChannelStateChange' && event.channel.state === 'Ringing' && (event.channel.id === call) === isCaller

/** Moves the event that `late` finds behind the one that `after` finds. */
function moved(late: (event: AriEvent) => boolean, after: (event: AriEvent) => boolean): AriEvent[] {
  const moving = recorded.filter(late)
  return recorded.filter((event) => !late(event)).flatMap((event) => (after(event) ? [event, ...moving] : [event]))
}
const without = (gone: (event: AriEvent) => boolean) => recorded.filter((event) => !gone(event))

test.each([
  ['in the recorded order', recorded],
  [
    'whose phone rings before its Dial event',
    moved(
      (event) => ofCaller(event, ''),
      (event) => ringsAt(event, true),
    ),
  ],
  ['whose caller rings without a Dial event RINGING', without((event) => ofCaller(event, 'RINGING'))],
  ['whose callee rings without a Dial event RINGING', without((event) => ofCallee(event, 'RINGING'))],
  ['whose callee rings without a ChannelStateChange', without((event) => ringsAt(event, false))],
  [
    'whose callee rings before its Dial event',
    moved(
      (event) => ofCallee(event, '') || ofCallee(event, 'RINGING'),
      (event) => ringsAt(event, false),
    ),
  ],
])('publishes every stage of a call %s', async (_, events) => {
  expect(events.length).toBeGreaterThan(recorded.length - 2)
  expect(await publishedStages(events)).toEqual([
    'sent',
    'ringing-caller',
    'caller-answered',
    'ringing-callee',
    'answered',
    'ended',
  ])
})

test('a call names what it dials from its first state on, while only its own caller rings', async () => {
  const states = await publishedStates(recorded)
  expect(states.map(({ placed }) => placed?.stage)).toContain('ringing-caller')
  expect(new Set(states.map(({ dialled }) => dialled))).toEqual(new Set(['60']))
})
