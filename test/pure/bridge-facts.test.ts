import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { type EventFact, PbxState } from '../../bridge/normalise/pbx-state.ts'
import { CallState, EndpointState } from '../../contracts/facts.ts'

const folder = join(import.meta.dirname, '../recordings')
const recordings = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl') && !name.startsWith('cdr_'))
  .map((name) => name.replace('.jsonl', ''))

function frames(name: string): string[] {
  return readFileSync(join(folder, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
}

function play(lines: string[], state = new PbxState()): EventFact[] {
  return lines.flatMap((line) => {
    const frame = readFrame(Buffer.from(line))
    if (frame.kind === 'malformed') throw new Error(frame.reason)
    return frame.kind === 'event' ? state.apply(frame.event, '2000-01-01T00:00:00.000Z') : []
  })
}

test.each(recordings)('the facts that the recorded events %s give equal their golden file', async (name) => {
  const facts = play(frames(name))
  for (const { kind, state } of facts) v.parse(kind === 'call' ? CallState : EndpointState, state)
  const text = facts.map((fact) => `${JSON.stringify(fact.state)}\n`).join('')
  await expect(text).toMatchFileSnapshot(`../golden/facts/${name}.jsonl`)
})

test.each(recordings)('no fact of the recording %s equals the previous fact of its endpoint or call', (name) => {
  const last = new Map<string, string>()
  for (const { kind, state } of play(frames(name))) {
    const entity = kind === 'call' ? state.call : state.endpoint
    const text = JSON.stringify(state)
    expect(last.get(entity)).not.toBe(text)
    last.set(entity, text)
  }
})

/** Recordings that stop before their call ends. */
const unfinished = new Set([
  'c2c_dead_contact',
  'c2c_errors',
  'ivr514_stasis_app_view',
  'outbound_ws',
  'outbound_ws_backlog_first500',
  'transfer_blind',
  'transfer_redirect',
])

test.each(recordings.filter((name) => !unfinished.has(name)))('every call of the recording %s ends once', (name) => {
  const state = new PbxState()
  const calls = play(frames(name), state).flatMap((fact) => (fact.kind === 'call' ? [fact.state] : []))
  for (const call of new Set(calls.map((fact) => fact.call))) {
    const begun = calls.filter((fact) => fact.call === call && fact.state === 'dialling').length
    const ended = calls.filter((fact) => fact.call === call && fact.state === 'ended').length
    // A reused channel id makes the call twice; a call whose beginning is not recorded never has the state dialling.
    expect(ended).toBe(Math.max(1, begun))
  }
  expect(state.calls.live()).toEqual([])
})

test('the id of a call is the linkedid in its call detail records', () => {
  const linkedids = new Set(frames('cdr_adv_sample').map((line): string => JSON.parse(line).linkedid))
  const named = new Set<string>()
  for (const name of recordings) {
    const calls = play(frames(name)).flatMap((fact) => (fact.kind === 'call' ? [fact.state.call] : []))
    for (const call of calls) if (linkedids.has(call)) named.add(call)
  }
  expect(named).toEqual(linkedids)
})

test('an attended transfer through a Local channel stays one call, and its last callee answers', () => {
  const calls = play(frames('transfer_attended')).flatMap((fact) => (fact.kind === 'call' ? [fact.state] : []))
  expect(new Set(calls.map((call) => call.call))).toEqual(new Set(['pbx1-1795458331.49']))
  expect(calls.at(-1)).toMatchObject({ state: 'ended', callees: [{ number: '61' }, { number: '60' }] })
})

test('a call that voicemail answers has no callee', () => {
  const calls = play(frames('internal_noanswer_voicemail')).flatMap((fact) =>
    fact.kind === 'call' ? [fact.state] : [],
  )
  expect(calls.map(({ state, callees }) => [state, callees.length])).toEqual([
    ['dialling', 0],
    ['ringing', 1],
    ['answered', 0],
    ['ended', 0],
  ])
})

test('events in reverse order cause no error and no unlimited growth of state', () => {
  for (const name of recordings) {
    const state = new PbxState()
    play(frames(name).reverse(), state)
    expect(state.calls.live().length).toBeLessThan(100)
  }
})
