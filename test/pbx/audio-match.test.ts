import { expect, test } from 'vitest'
import { fillPrompt } from '../../bridge/menus/prompt.ts'
import { Speech } from '../../bridge/menus/speech.ts'
import { menuOf } from '../support/menus.ts'
import { Random } from '../support/random.ts'
import { rate } from '../support/sound.ts'
import { promptSound } from './support/expected-sounds.ts'
import { preparedSounds } from './support/prepared-sounds.ts'
import { findPrompt, type PromptSound } from './support/prompt-audio.ts'

/**
 * Goal: the comparison of a recording with a prompt tells apart prompts that differ in one number, and accepts what a bad
 * line or a busy machine does to the right one. Method: real speech, on lines that lose packets or stutter.
 */
const speech = new Speech(await preparedSounds())
const packet = rate / 50

async function markPrompt(note: number, mention: string, matricule = '137'): Promise<PromptSound[]> {
  const parts = fillPrompt(menuOf('514'), 'success', { matricule, note: String(note), mention })
  return Promise.all(parts.map((part) => promptSound(speech, part, 'fr')))
}

/** The sounds one after another, with silence before, between and after them. */
function recordingOf(sounds: readonly PromptSound[]): Float64Array {
  const pause = () => new Float64Array(0.3 * rate)
  return Float64Array.from([pause(), ...sounds.flatMap(({ samples }) => [samples, pause()])].flatMap((one) => [...one]))
}

/** Changes a recording each second: `change` gets its samples there and returns what takes their place. */
function eachSecond(recording: Float64Array, change: (samples: Float64Array) => Float64Array): Float64Array {
  const seconds = Array.from({ length: Math.ceil(recording.length / rate) }, (_, n) =>
    change(recording.subarray(n * rate, (n + 1) * rate)),
  )
  return Float64Array.from(seconds.flatMap((one) => [...one]))
}

const lines: Record<string, (recording: Float64Array) => Float64Array> = {
  'a perfect line': (recording) => recording,
  'a line that loses a twentieth of all packets': (recording) => {
    const random = new Random(5)
    const line = recording.slice()
    for (let at = 0; at < line.length; at += packet) if (random.next() < 0.05) line.fill(0, at, at + packet)
    return line
  },
  'a line that stands still for 0.3 s each second': (recording) =>
    eachSecond(recording, (samples) => Float64Array.from([...samples, ...new Float64Array(0.3 * rate)])),
  'a recorder that loses 0.1 s each second': (recording) =>
    eachSecond(recording, (samples) => samples.subarray(0, Math.max(0, samples.length - 0.1 * rate))),
}

const cases: [note: number, mention: string, others: [note: number, mention: string, matricule?: string][]][] = [
  [
    12,
    'passable',
    [
      [12.5, 'passable'],
      [13, 'passable'],
      [12, 'échec'],
    ],
  ],
  [
    12.5,
    'assez bien',
    [
      [12, 'assez bien'],
      [12.25, 'assez bien'],
      [12.5, 'bien'],
    ],
  ],
  [
    15.25,
    'bien',
    [
      [15.75, 'bien'],
      [15, 'bien'],
      [15.25, 'très bien'],
      [15.25, 'bien', '136'],
    ],
  ],
]

for (const [name, lineOf] of Object.entries(lines)) {
  test.each(cases)(
    `finds the spoken mark %d with the honour "%s", and no similar mark, in a recording from ${name}`,
    async (note, mention, others) => {
      const recording = lineOf(recordingOf(await markPrompt(note, mention)))
      expect(findPrompt(recording, await markPrompt(note, mention), 0, 2).faults).toEqual([])
      for (const [otherNote, otherMention, matricule] of others) {
        const other = await markPrompt(otherNote, otherMention, matricule)
        expect(findPrompt(recording, other, 0, 2).faults, `${otherNote} ${otherMention} ${matricule}`).not.toEqual([])
      }
    },
  )
}
