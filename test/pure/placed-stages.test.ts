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
 * Goal: no stage of a call by API goes untold, in whatever order Asterisk's threads tell of it.
 * Method: a recorded call from one phone to another, its events reordered as they were seen to come on a busy machine.
 */
const call = 'sh-1795460627.0000000001'
const recorded: AriEvent[] = readFileSync(join(import.meta.dirname, '../recordings/click_to_call.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .flatMap((line) => {
    const frame = readFrame(Buffer.from(line.replaceAll('c2c-1001', call)))
    return frame.kind === 'event' ? [frame.event] : []
  })

/** The stages that the facts of the call tell, each once however often it was told in a row. */
async function stagesTold(events: readonly AriEvent[]): Promise<string[]> {
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
  })
  const snapshot = { endpoints: [], deviceStates: [], channels: [], bridges: [], linkedids: new Map() }
  await presence.connected(snapshot, () => [])
  state.placed.begin(call, { endpoint: 'PJSIP/5861', extension: '60', startedAt: '2026-11-23T19:03:47.000Z' })
  state.placed.sent(call)
  for (const event of events) pipeline.onEvent(event)
  const told = lines.map((line): { subject: string; data: CallState } => JSON.parse(line))
  const stages = told.flatMap(({ data }) => (data.call === call && data.placed ? [data.placed.stage] : []))
  return stages.filter((stage, i) => stage !== stages[i - 1])
}

const ofCaller = (event: AriEvent, status: string) =>
  event.type === 'Dial' && event.peer.id === call && event.dialstatus === status
const ofCallee = (event: AriEvent, status: string) =>
  event.type === 'Dial' && event.caller?.id === call && event.dialstatus === status
const ringsAt = (event: AriEvent, isCaller: boolean) =>
  event.type === 'ChannelStateChange' && event.channel.state === 'Ringing' && (event.channel.id === call) === isCaller

/** The event that `late` finds goes right behind the one that `after` finds. */
function moved(late: (event: AriEvent) => boolean, after: (event: AriEvent) => boolean): AriEvent[] {
  const moving = recorded.filter(late)
  return recorded.filter((event) => !late(event)).flatMap((event) => (after(event) ? [event, ...moving] : [event]))
}
const without = (gone: (event: AriEvent) => boolean) => recorded.filter((event) => !gone(event))

test.each([
  ['as it was recorded', recorded],
  [
    'whose phone rings before the dialling is told',
    moved(
      (event) => ofCaller(event, ''),
      (event) => ringsAt(event, true),
    ),
  ],
  ['whose caller’s ringing is told by its channel alone', without((event) => ofCaller(event, 'RINGING'))],
  ['whose callee’s ringing is told by its channel alone', without((event) => ofCallee(event, 'RINGING'))],
  ['whose callee’s ringing is told by its dialling alone', without((event) => ringsAt(event, false))],
  [
    'whose callee rings before the dialling is told',
    moved(
      (event) => ofCallee(event, '') || ofCallee(event, 'RINGING'),
      (event) => ringsAt(event, false),
    ),
  ],
])('a call %s tells every stage', async (_, events) => {
  expect(events.length).toBeGreaterThan(recorded.length - 2)
  expect(await stagesTold(events)).toEqual([
    'sent',
    'ringing-caller',
    'caller-answered',
    'ringing-callee',
    'answered',
    'ended',
  ])
})
