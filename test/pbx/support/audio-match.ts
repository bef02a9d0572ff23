import { type Found, findSound, rate, rmsOf } from '../../support/sound.ts'

/** Where a sentence was found in a recording, and how much of it. */
export interface Match {
  /** Seconds from the start of the recording. */
  at: number
  end: number
  /** How long the sentence's words are without pauses, and how much of that was found, in seconds. */
  wordSeconds: number
  foundSeconds: number
  /** Loudness of the quietest and of the loudest stretch that was found, divided by that of the sentence. */
  level: [least: number, most: number]
}

/** A sentence is compared in stretches of 0.1 s that begin each 0.05 s: a lost packet spoils two or three of them. */
const stretch = rate / 10
const hop = rate / 20
/** The next stretch is looked for this much earlier or later than where the previous one puts it. */
const slipSeconds = 0.15
/**
 * A busy machine plays or records with gaps of up to a second. So each stretch that is not found widens the search for the
 * next one, up to this.
 */
const widenSeconds = 0.1
const slipSecondsMax = 1
/** Measured: the same sound has a correlation of 0.99 through one G.711 line. */
const sameFrom = 0.95
const leadsMax = 4
const lookSeconds = 3
const bounds = { share: 0.4, least: 0.8, most: 1.25 }
/**
 * The least factor by which a sentence must match better than similar ones. Measured: a sentence that was said matches 2.9
 * times as well, 2.6 times if a twentieth of all packets is lost; one that was not said, at most 0.35 times.
 */
export const marginMin = 1

/** Returns whether the sentence was said: much of its words, at its own loudness. */
export function isSame({ wordSeconds, foundSeconds, level: [least, most] }: Match): boolean {
  return foundSeconds >= bounds.share * wordSeconds && least >= bounds.least && most <= bounds.most
}

/** Looks for a sentence that begins at `from` or up to `withinSeconds` later. */
export function findSentence(
  recording: Float64Array,
  sentence: Float64Array,
  from: number,
  withinSeconds: number,
): Match {
  const stretches = stretchesOf(sentence)
  const { at: start, correlation } = firstOf(recording, sentence, stretches, from, withinSeconds)
  // Without its first words the rest is not looked for far away: that would take most of the time of all comparisons.
  const slipMax = correlation < sameFrom ? slipSeconds : slipSecondsMax
  return follow(recording, sentence, { stretches, start, slipMax })
}

/**
 * Returns how many times better the sentence matches than the best of some similar ones that begin or end at the same
 * place: "douze" is not "douze et demi", and "bien" is not "assez bien".
 */
export function marginOver(recording: Float64Array, match: Match, similar: readonly Float64Array[]): number {
  const found = similar.flatMap((sentence) => {
    const stretches = stretchesOf(sentence)
    const starts = [match.at, match.end - sentence.length / rate].filter((at) => at >= 0)
    return starts.map((start) => scoreOf(follow(recording, sentence, { stretches, start, slipMax: slipSeconds })))
  })
  return scoreOf(match) / Math.max(hop / rate, ...found)
}

/** A short sentence that is a part of a long one is found whole in it: seconds or share alone would not tell them apart. */
function scoreOf({ wordSeconds, foundSeconds }: Match): number {
  return foundSeconds ** 2 / wordSeconds
}

/** Returns where a sentence has words: the starts of the stretches that are not much quieter than all of it. */
function stretchesOf(sentence: Float64Array): number[] {
  const loud = rmsOf(sentence) / 4
  return Array.from({ length: Math.floor((sentence.length - stretch) / hop) + 1 }, (_, n) => n * hop).filter(
    (at) => rmsOf(sentence.subarray(at, at + stretch)) > loud,
  )
}

/** Finds as many stretches as possible in their order, from `start` seconds on. */
function follow(
  recording: Float64Array,
  sentence: Float64Array,
  { stretches, start, slipMax }: { stretches: readonly number[]; start: number; slipMax: number },
): Match {
  let offset = start
  let slip = slipSeconds
  let earliest = 0
  const same: Found[] = []
  for (const at of stretches) {
    const expected = offset + at / rate
    const near = recording.subarray(0, Math.round((expected + slip) * rate) + stretch)
    const one = findSound(near, sentence.subarray(at, at + stretch), Math.max(earliest, expected - slip))
    if (one.correlation < sameFrom) {
      slip = Math.min(slipMax, slip + widenSeconds)
      continue
    }
    offset = one.at - at / rate
    earliest = one.at
    slip = slipSeconds
    same.push(one)
  }
  const levels = same.map(({ level }) => level)
  return {
    at: start,
    end: offset + sentence.length / rate,
    wordSeconds: (Math.max(1, stretches.length) * hop) / rate,
    foundSeconds: (same.length * hop) / rate,
    level: [Math.min(...levels), Math.max(...levels)],
  }
}

/**
 * Finds the first place that has some of the words. Several are tried, because a lost packet may spoil the first ones. It
 * looks at a few seconds at a time, since a transform of a whole call takes long.
 */
function firstOf(recording: Float64Array, sentence: Float64Array, stretches: number[], from: number, within: number) {
  let best = { at: from, correlation: 0 }
  const leads = stretches.filter((_, n) => n % 4 === 0).slice(0, leadsMax)
  for (let start = from; start < from + within; start += lookSeconds) {
    for (const lead of leads) {
      const words = sentence.subarray(lead, lead + 4 * stretch)
      const end = Math.min(start + lookSeconds, from + within) * rate + words.length
      const { at, correlation } = findSound(recording.subarray(0, Math.round(end)), words, start, sameFrom)
      if (correlation > best.correlation) best = { at: Math.max(0, at - lead / rate), correlation }
      if (correlation >= sameFrom) return best
    }
  }
  return best
}
