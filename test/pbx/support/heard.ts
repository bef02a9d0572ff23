import { type Found, findSound, rate, rmsOf } from '../../support/sound.ts'

/** How a recording and what should be in it compare. */
export interface Heard {
  /** Seconds from the start of the recording. */
  at: number
  end: number
  /** Part of the reference, without its pauses, that is found where it belongs; and how many seconds that are. */
  share: number
  seconds: number
  /** Loudness of what was found, as part of the reference's, at its least and most. */
  level: [least: number, most: number]
}

/** A telephone line may slip by a packet or two in its first second; a sentence is found by stretches shorter than that. */
const stretch = rate / 10
const hop = rate / 20
const slipSecondsMax = 0.15
/** The same sound has 0.99 through one G.711 line. */
const sameFrom = 0.95
const leadsMax = 4
const lookSeconds = 3
const bounds = { share: 0.4, least: 0.8, most: 1.25 }
/**
 * A sentence that was said fits better than any other of its kind. Measured: 2.9 times as well, and 2.6 where a twentieth of
 * all packets is lost; one that was not said, at most 0.35 times.
 */
export const marginMin = 1

/** Whether what was heard is the reference: its words, its length and its loudness. */
export function isSame({ share, level: [least, most] }: Heard): boolean {
  return share >= bounds.share && least >= bounds.least && most <= bounds.most
}

/** Looks for a reference in a recording, from a time on and beginning at most `withinSeconds` later. */
export function listenFor(recording: Float64Array, reference: Float64Array, from: number, withinSeconds = 12): Heard {
  const stretches = stretchesOf(reference)
  const first = firstOf(recording, reference, stretches, from, withinSeconds)
  return follow(recording, reference, stretches, first.at)
}

/**
 * How many times as much of what was heard is found as of the sentence of its kind that fits best at the same place, whether
 * it begins or ends with it: `douze` is no `douze et demi`, nor `bien` an `assez bien`.
 */
export function marginOf(recording: Float64Array, heard: Heard, rivals: readonly Float64Array[]): number {
  const found = rivals.flatMap((rival) => {
    const stretches = stretchesOf(rival)
    const starts = [heard.at, heard.end - rival.length / rate].filter((at) => at >= 0)
    return starts.map((at) => scoreOf(follow(recording, rival, stretches, at)))
  })
  return scoreOf(heard) / Math.max(hop / rate, ...found)
}

/** Much of a long sentence is more than all of a short one; a part of a long one that is a short one is less. */
function scoreOf({ seconds, share }: Heard): number {
  return seconds * share
}

/** Where a reference has words: its stretches that are not much quieter than all of it. */
function stretchesOf(reference: Float64Array): number[] {
  const loud = rmsOf(reference) / 4
  return Array.from({ length: Math.floor((reference.length - stretch) / hop) + 1 }, (_, n) => n * hop).filter(
    (at) => rmsOf(reference.subarray(at, at + stretch)) > loud,
  )
}

/** How much of a reference is in a recording from a place on, a little sooner or later as the line slips. */
function follow(recording: Float64Array, reference: Float64Array, stretches: number[], start: number): Heard {
  let offset = start
  const same: Found[] = []
  for (const at of stretches) {
    const expected = offset + at / rate
    const near = recording.subarray(0, Math.round((expected + slipSecondsMax) * rate) + stretch)
    const one = findSound(near, reference.subarray(at, at + stretch), Math.max(0, expected - slipSecondsMax))
    if (one.correlation < sameFrom) continue
    offset = one.at - at / rate
    same.push(one)
  }
  const levels = same.map(({ level }) => level)
  return {
    at: start,
    end: offset + reference.length / rate,
    share: same.length / Math.max(1, stretches.length),
    seconds: (same.length * hop) / rate,
    level: [Math.min(...levels), Math.max(...levels)],
  }
}

/**
 * The first place where some of the words are. A packet lost in the first of them must not hide a sentence, so others are
 * looked for as well; a few seconds at a time, since a transform of a whole call takes a second.
 */
function firstOf(recording: Float64Array, reference: Float64Array, stretches: number[], from: number, within: number) {
  let best = { at: from, correlation: 0 }
  const leads = stretches.filter((_, n) => n % 4 === 0).slice(0, leadsMax)
  for (let start = from; start < from + within; start += lookSeconds) {
    for (const lead of leads) {
      const words = reference.subarray(lead, lead + 4 * stretch)
      const end = Math.min(start + lookSeconds, from + within) * rate + words.length
      const { at, correlation } = findSound(recording.subarray(0, Math.round(end)), words, start, sameFrom)
      if (correlation > best.correlation) best = { at: at - lead / rate, correlation }
      if (correlation >= sameFrom) return best
    }
  }
  return best
}
