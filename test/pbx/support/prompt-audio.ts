import { rate } from '../../support/sound.ts'
import { findSentence, isSame, marginMin, marginOver } from './audio-match.ts'

/** One of the sounds of a prompt, which follow each other without a pause. */
export interface PromptSound {
  /** What the sound says, for the messages of failed tests. */
  words: string
  samples: Float64Array
  /** Sounds that could be said in its place by mistake. */
  others: readonly OtherSound[]
}

export interface OtherSound {
  words: string
  samples: Float64Array
  /** True if it shares words with the sound: both are found where one was said, and the one that fits better counts. */
  isAlike: boolean
}

export interface FoundPrompt {
  /** A sentence for each difference; empty if the prompt was heard. */
  faults: string[]
  /** Where its first sound begins and its last one ends, in seconds; undefined if that sound was not found. */
  at: number | undefined
  end: number | undefined
}

/** Longest time between two sounds of a prompt, including the pauses at their ends. */
const gapSeconds = 1.3
/** Smallest share of a prompt that must be found: a busy machine may spoil a short word of the right prompt. */
const foundShareMin = 0.5

/** Looks for a prompt that begins at `from` or up to `withinSeconds` later. */
export function findPrompt(
  recording: Float64Array,
  sounds: readonly PromptSound[],
  from: number,
  withinSeconds: number,
): FoundPrompt {
  const faults: string[] = []
  const total = { word: 0, found: 0 }
  const place: { at: number | undefined; end: number | undefined } = { at: undefined, end: undefined }
  let next = from
  let within = withinSeconds
  for (const [n, { words, samples, others }] of sounds.entries()) {
    const match = findSentence(recording, samples, next, within)
    total.word += match.wordSeconds
    if (isSame(match)) {
      total.found += match.foundSeconds
      const alike = others.filter(({ isAlike }) => isAlike).map((other) => other.samples)
      const margin = marginOver(recording, match, alike)
      if (margin < marginMin) faults.push(`"${words}" matches only ${margin.toFixed(2)} times as well as another sound`)
      if (n === 0) place.at = match.at
      // The silence at the end of a sound is not compared, so the next one may begin before it.
      next = Math.max(0, match.end - 0.1)
      within = gapSeconds
    } else {
      const later = sounds.slice(n + 1).map((sound) => sound.words)
      const other = others.find(
        (one) => !later.includes(one.words) && isSame(findSentence(recording, one.samples, next, within)),
      )
      if (other) faults.push(`"${other.words}" in the place of "${words}"`)
      within += samples.length / rate
    }
    place.end = isSame(match) ? match.end : undefined
  }
  if (total.found < foundShareMin * total.word) {
    const percent = ((100 * total.found) / total.word).toFixed(0)
    faults.push(`only ${percent} % of "${sounds.map(({ words }) => words).join(' ')}" found`)
  }
  return { faults, ...place }
}
