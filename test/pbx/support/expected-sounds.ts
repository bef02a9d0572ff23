import { execFile } from 'node:child_process'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import type { Fields } from '../../../bridge/menus/engine.ts'
import type { Menu, Part } from '../../../bridge/menus/menu.ts'
import { fillPrompt } from '../../../bridge/menus/prompt.ts'
import type { Speech } from '../../../bridge/menus/speech.ts'
import type { Language } from '../../../contracts/spoken-mark.ts'
import { rate, readSound } from '../../support/sound.ts'
import { otherTexts } from './other-texts.ts'
import type { PlayedSound } from './played-sounds.ts'
import type { PromptSound } from './prompt-audio.ts'

/** What a caller is expected to hear next: a prompt of a menu, or sounds of Asterisk that the dial plan plays. */
export type Expected =
  | {
      menu: Menu
      prompt: string
      fields?: Fields
      /** Set if a key, an answer or a hang-up may end the prompt after it began. */
      isCut?: true
      /** Set if the prompt may be missing. */
      isOptional?: true
    }
  | { asterisk: readonly string[] }

/** One sound file of an expected prompt. */
export interface ExpectedSound {
  /** The file's name without its ending, as Asterisk's events have it. */
  name: string
  /** What the sound says, for the messages of failed tests. */
  words: string
  /** True if the caller hears it to its end, so that it must be in the recording. */
  isWhole: boolean
  /** True if it follows the sound before it without a pause. */
  isNext: boolean
  isOptional: boolean
  audio(): Promise<PromptSound>
}

export async function expectedSounds(
  expected: readonly Expected[],
  { speech, soundsFolder }: { speech: Speech; soundsFolder: string },
): Promise<ExpectedSound[]> {
  const prompts = expected.map(async (one): Promise<ExpectedSound[]> => {
    if ('asterisk' in one) {
      return one.asterisk.map((name, n) => {
        const audio = async () => ({
          words: name,
          samples: await asteriskSound(join(soundsFolder, `${name}.gsm`)),
          others: [],
        })
        return { name, words: name, isWhole: true, isNext: n > 0, isOptional: false, audio }
      })
    }
    const { menu, prompt, fields = {}, isCut = false, isOptional = false } = one
    const { language } = menu
    return Promise.all(
      fillPrompt(menu, prompt, fields).map(async (part, n) => ({
        name: basename(await speech.say(part, language)),
        words: `${prompt} "${wordsOf(part)}"`,
        isWhole: !isCut,
        isNext: n > 0,
        isOptional,
        audio: () => promptSound(speech, part, language),
      })),
    )
  })
  return (await Promise.all(prompts)).flat()
}

/** Reads the sound of a part of a prompt, and what may be said in its place. */
export async function promptSound(speech: Speech, part: Part, language: Language): Promise<PromptSound> {
  const read = async (one: Part) => ({ words: wordsOf(one), samples: await spoken(speech, one, language) })
  const { texts, areAlike } = 'text' in part ? otherTexts(part.text, language) : { texts: [], areAlike: false }
  const others = texts.map(async (text) => ({ ...(await read({ text })), isAlike: areAlike }))
  return { ...(await read(part)), others: await Promise.all(others) }
}

const wordsOf = (part: Part) => ('text' in part ? part.text : part.sound)
const spokenSounds = new Map<string, Promise<Float64Array>>()

/** Reads a sound of a menu, each once. */
async function spoken(speech: Speech, part: Part, language: Language): Promise<Float64Array> {
  const file = `${await speech.say(part, language)}.wav`
  const sound = spokenSounds.get(file) ?? readSound(file).then(trimmed)
  spokenSounds.set(file, sound)
  return sound
}

/**
 * Compares the sounds that Asterisk played with those expected, in order; returns what differs. A prompt that is cut has to
 * begin and may miss its later parts; an optional one may be missing.
 */
export function orderFaults(played: readonly PlayedSound[], expected: readonly ExpectedSound[]): string[] {
  let n = 0
  for (const one of expected) {
    if (played[n]?.name === one.name) n += 1
    else if (!one.isOptional && (one.isWhole || !one.isNext))
      return [`expected ${one.words} as sound ${n + 1}, Asterisk played ${at(n)}`]
  }
  return n < played.length ? [`expected the end as sound ${n + 1}, Asterisk played ${at(n)}`] : []

  function at(index: number): string {
    const name = played[index]?.name
    return name === undefined ? 'nothing' : (expected.find((one) => one.name === name)?.words ?? `"${name}"`)
  }
}

/** Cuts the silence from both ends of a sound, where there is nothing to compare. */
function trimmed(sound: Float64Array): Float64Array {
  const floor = 200
  const first = sound.findIndex((one) => Math.abs(one) > floor)
  const last = sound.findLastIndex((one) => Math.abs(one) > floor)
  const least = rate / 5
  return sound.subarray(Math.max(0, Math.min(first, sound.length - least)), Math.max(first + least, last + 1))
}

const asteriskSounds = new Map<string, Promise<Float64Array>>()

/** Decodes a sound that comes with Asterisk, each once. */
function asteriskSound(file: string): Promise<Float64Array> {
  const decoded = asteriskSounds.get(file) ?? decode(file)
  asteriskSounds.set(file, decoded)
  return decoded
}

async function decode(file: string): Promise<Float64Array> {
  const args = [file, '-r', '8000', '-b', '16', '-t', 'wav', '-']
  const { stdout } = await promisify(execFile)('sox', args, { encoding: 'buffer', maxBuffer: 4_000_000 })
  const at = stdout.indexOf('data') + 8
  const count = Math.floor((stdout.length - at) / 2)
  return trimmed(Float64Array.from({ length: count }, (_, n) => stdout.readInt16LE(at + 2 * n)))
}
