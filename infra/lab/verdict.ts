import type { Audio, CallExpected, Situation } from './situation.ts'

/** What one call showed. */
export interface CallSeen {
  readonly arrived: boolean
  /** RTP packets that reached each phone. */
  readonly heardByA: number
  readonly heardByB: number
  /** RTP packets that each phone sent. */
  readonly sentByA: number
  readonly sentByB: number
  /** Absent if the call did not arrive. */
  readonly endReachedA?: boolean
}

/** What a situation showed. */
export interface Seen {
  readonly registered: boolean
  readonly toA: CallSeen
  readonly fromA: CallSeen
}

/** Three seconds of audio; both phones send a little more. */
export const packetsMin = 150

/** Returns a sentence for each difference between what was expected and what was seen. */
export function differences(situation: Situation, seen: Seen): string[] {
  return [
    ...(seen.registered === situation.registers
      ? []
      : [`phone A ${seen.registered ? 'registered' : 'could not register'}`]),
    ...callDifferences('B to A', situation.toA, seen.toA, 'A'),
    ...callDifferences('A to B', situation.fromA, seen.fromA, 'B'),
  ]
}

function callDifferences(name: string, expected: CallExpected, seen: CallSeen, called: string): string[] {
  if (expected.arrives !== seen.arrived)
    return [`${name}: the call ${seen.arrived ? 'reached' : 'did not reach'} ${called}`]
  if (!seen.arrived) return []
  return [
    ...audioDifferences(`${name}, heard by A`, expected.heardByA, seen.heardByA, seen.sentByB),
    ...audioDifferences(`${name}, heard by B`, expected.heardByB, seen.heardByB, seen.sentByA),
    ...(expected.endReachesA === undefined || expected.endReachesA === seen.endReachedA
      ? []
      : [`${name}: A ${seen.endReachedA ? 'noticed' : 'did not notice'} that B hung up`]),
  ]
}

function audioDifferences(name: string, expected: Audio | undefined, packets: number, sent: number): string[] {
  if (expected === undefined) return []
  if (sent < packetsMin) return [`${name}: only ${sent} packets were sent, which proves nothing`]
  const isAudio = packets >= packetsMin
  const isNone = packets === 0
  const isRight = expected === 'audio' ? isAudio : expected === 'none' ? isNone : isAudio || isNone
  return isRight ? [] : [`${name}: ${packets} packets instead of ${wordsOf(expected)}`]
}

export function wordsOf(expected: Audio): string {
  if (expected === 'none') return 'none'
  return expected === 'audio' ? `${packetsMin} or more` : `none or ${packetsMin} or more`
}

/** Returns a call in short: packets heard by A / by B, and what happened at the end. */
export function seenInShort(call: CallSeen): string {
  if (!call.arrived) return 'never arrives'
  return `${call.heardByA} / ${call.heardByB}${call.endReachedA === false ? ', A stays on the line' : ''}`
}

export function expectedInShort(call: CallExpected): string {
  if (!call.arrives) return 'never arrives'
  const short = { audio: 'audio', none: 'none', either: 'either' }
  const heard = [call.heardByA, call.heardByB].map((one) => (one === undefined ? '?' : short[one])).join(' / ')
  return `${heard}${call.endReachesA === false ? ', A stays on the line' : ''}`
}
