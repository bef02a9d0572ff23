import { findSound, rate, rmsOf } from '../../support/sound.ts'

/** How a recording and what should be in it compare. */
export interface Heard {
  /** Seconds from the start of the recording. */
  at: number
  end: number
  /** Part of the reference, without its pauses, that is found where it belongs. */
  share: number
  /** Loudness of what was found, as part of the reference's, at its least and most. */
  level: [least: number, most: number]
}

/** A telephone line may slip by a packet or two in its first second; a sentence is found by stretches shorter than that. */
const stretch = rate / 10
const hop = rate / 20
const slipSecondsMax = 0.15
/** The same sound has 0.99 through one G.711 line. Of other words up to 0.48 are the same: `quinze virgule` before another end. */
const sameFrom = 0.95
const leadsMax = 4
const lookSeconds = 3
const bounds = { share: 0.55, least: 0.8, most: 1.25 }

/** Whether what was heard is the reference: its words, its length and its loudness. */
export function isSame({ share, level: [least, most] }: Heard): boolean {
  return share >= bounds.share && least >= bounds.least && most <= bounds.most
}

/** Looks for a reference in a recording, from a time on and beginning at most `withinSeconds` later. */
export function listenFor(recording: Float64Array, reference: Float64Array, from: number, withinSeconds = 12): Heard {
  const loud = rmsOf(reference) / 4
  const stretches = Array.from(
    { length: Math.floor((reference.length - stretch) / hop) + 1 },
    (_, n) => n * hop,
  ).filter((at) => rmsOf(reference.subarray(at, at + stretch)) > loud)
  const first = firstOf(recording, reference, stretches, from, withinSeconds)
  let offset = first.at
  const found = stretches.map((at) => {
    const expected = offset + at / rate
    const near = recording.subarray(0, Math.round((expected + slipSecondsMax) * rate) + stretch)
    const one = findSound(near, reference.subarray(at, at + stretch), Math.max(0, expected - slipSecondsMax))
    if (one.correlation >= sameFrom) offset = one.at - at / rate
    return one
  })
  const same = found.filter(({ correlation }) => correlation >= sameFrom)
  const levels = same.map(({ level }) => level)
  const share = same.length / Math.max(1, found.length)
  return {
    at: first.at,
    end: offset + reference.length / rate,
    share,
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
