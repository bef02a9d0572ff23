import { createSocket } from 'node:dgram'
import type { Behaviour } from '../../../infra/asterisk/phones/behaviour.ts'
import { outsideSays } from './trunk.ts'

const stageOrder = ['sent', 'ringing-caller', 'caller-answered', 'ringing-callee', 'answered', 'ended']

export const answer: Behaviour = { kind: 'answer', afterMs: 200, talkMs: 2_500 }
const ring: Behaviour = { kind: 'ring' }
/** Returns the stages of a call that ends after the given stage. */
const upTo = (stage: string) => [...stageOrder.slice(0, stageOrder.indexOf(stage) + 1), 'ended']

export interface Row {
  caller: Behaviour
  callee?: Behaviour
  /** Starts the far end of the trunk, for a call to an outside number. */
  outside?: (port: number) => Promise<AsyncDisposable>
  /** What the bridge reports. */
  result: string
  /** What the CDRs make of it, if that is something else: extension 61 has a mailbox, which answers what its phone does not. */
  settled?: string
  stages: string[]
  cause?: number
  sipCode?: number
}
/** An outside number, reached over the trunk. */
export const outside = '04 79 00 00 99'
/** Expected results, stages in order, and cause and SIP code of the leg that ended the call, by what happens in it. */
export const outcomes: Record<string, Row> = {
  'both answer': {
    caller: answer,
    callee: { kind: 'answer', afterMs: 200, talkMs: 300 },
    result: 'answered',
    stages: stageOrder,
  },
  'the callee is busy (486)': {
    caller: answer,
    callee: { kind: 'busy' },
    result: 'busy',
    settled: 'voicemail',
    stages: upTo('caller-answered'),
    cause: 17,
    sipCode: 486,
  },
  'the callee declines (603)': {
    caller: answer,
    callee: { kind: 'refuse' },
    result: 'refused',
    settled: 'voicemail',
    stages: upTo('caller-answered'),
    cause: 21,
    sipCode: 603,
  },
  'the callee is unavailable (480)': {
    caller: answer,
    callee: { kind: 'unavailable' },
    result: 'unreachable',
    settled: 'voicemail',
    stages: upTo('caller-answered'),
    cause: 19,
    sipCode: 480,
  },
  'the callee does not answer': {
    caller: answer,
    callee: ring,
    result: 'no-answer',
    settled: 'voicemail',
    stages: upTo('ringing-callee'),
  },
  'the caller is busy (486)': {
    caller: { kind: 'busy' },
    result: 'busy',
    stages: upTo('sent'),
    cause: 17,
    sipCode: 486,
  },
  'the caller declines (603)': {
    caller: { kind: 'refuse' },
    result: 'refused',
    stages: upTo('sent'),
    cause: 21,
    sipCode: 603,
  },
  'the caller is unavailable (480)': {
    caller: { kind: 'unavailable' },
    result: 'unreachable',
    stages: upTo('sent'),
    cause: 19,
    sipCode: 480,
  },
  'the caller does not answer': { caller: ring, result: 'no-answer', stages: upTo('ringing-caller') },
  'the caller hangs up while the callee rings': {
    caller: { ...answer, talkMs: 600 },
    callee: ring,
    result: 'cancelled',
    stages: upTo('ringing-callee'),
  },
  'the trunk knows no such number (404)': {
    caller: answer,
    outside: (port) => outsideSays(port, 404),
    result: 'unreachable',
    stages: upTo('caller-answered'),
    cause: 1,
    sipCode: 404,
  },
  'the trunk has no line (503)': {
    caller: answer,
    outside: (port) => outsideSays(port, 503),
    result: 'failed',
    stages: upTo('caller-answered'),
    cause: 34,
    sipCode: 503,
  },
  'the trunk takes no such audio (488)': {
    caller: answer,
    outside: (port) => outsideSays(port, 488),
    result: 'failed',
    stages: upTo('caller-answered'),
    cause: 58,
    sipCode: 488,
  },
  'the callee rings and then declines (603)': {
    caller: answer,
    outside: (port) => outsideSays(port, 603, true),
    result: 'refused',
    stages: upTo('ringing-callee'),
    cause: 21,
    sipCode: 603,
  },
  'the contact is dead': {
    caller: answer,
    outside: silentContact,
    result: 'unreachable',
    stages: upTo('caller-answered'),
  },
}

/** Receives packets and never answers, like a phone behind a NAT whose mapping has expired. */
async function silentContact(port: number): Promise<AsyncDisposable> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve))
  return { [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())) }
}
