import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import type { Fields } from '../../../bridge/menus/engine.ts'
import type { Menu, Part } from '../../../bridge/menus/menu.ts'
import { checkMenu } from '../../../bridge/menus/menu-check.ts'
import { fillPrompt } from '../../../bridge/menus/prompt.ts'
import { shippedMenus } from '../../../bridge/menus/shipped.ts'
import type { Speech } from '../../../bridge/menus/speech.ts'
import type { AttentiveCall } from '../../../infra/asterisk/phones/attentive-call.ts'
import { longestSilence, rate, readSound } from '../../support/sound.ts'
import { until } from '../../support/until.ts'
import { isSame, listenFor, marginMin, marginOf } from './heard.ts'
import type { Playbacks } from './playbacks.ts'
import { rivalsOf } from './rivals.ts'

/** What a caller should have heard: a prompt with its fields, or a sound that comes with Asterisk. */
export type Expected = [prompt: string, fields?: Fields] | { asterisk: string }
/** To the next prompt: what a caller may take for an answer, and then some. */
const promptSecondsMax = 20
/** Between two sounds that belong together, with the pauses at their ends and the first of the second, in seconds. */
const gapSecondsMax = 1.3
export const silenceSecondsMax = 2

export function shippedMenu(extension: string): Menu {
  const found = shippedMenus.map(checkMenu).find(({ menu }) => menu?.extension === extension)?.menu
  if (!found) throw new Error(`no menu ${extension}`)
  return found
}

/** Somebody at a real phone, who acts on what is played and remembers all that was heard. */
export class MenuCaller {
  readonly call: AttentiveCall
  readonly #endpoint: string
  readonly #playbacks: Playbacks
  readonly #speech: Speech
  #from: number

  constructor(call: AttentiveCall, endpoint: string, playbacks: Playbacks, speech: Speech) {
    this.call = call
    this.#endpoint = endpoint
    this.#playbacks = playbacks
    this.#speech = speech
    // Earlier calls of the same phone are not this one's.
    this.#from = playbacks.count
  }

  /** Waits until Asterisk has begun to play the prompt to this caller; when, by `performance.now()`. */
  async hears(menu: Menu, prompt: string, fields: Fields = {}): Promise<number> {
    const [first] = fillPrompt(menu, prompt, fields)
    if (!first) throw new Error(`${prompt} says nothing`)
    const name = basename(await this.#speech.say(first, menu.language))
    const found = await until(`${this.#endpoint} to hear ${prompt}`, async () =>
      this.#playbacks.find(this.#endpoint, name, this.#from),
    ).catch((cause) => {
      const sought = `${name.slice(0, 8)} among ${this.#playbacks.story(this.#endpoint)}`
      throw new Error(`${cause.message}, which is ${sought}`, { cause })
    })
    this.#from = found.n + 1
    return found.ms
  }

  async enters(menu: Menu, prompt: string, digits: string): Promise<void> {
    await this.hears(menu, prompt)
    await this.call.press(digits)
  }

  get lastKeyMs(): number {
    return this.#playbacks.lastKeyMs(this.#endpoint)
  }

  async hangsUp(): Promise<void> {
    await this.call.hangup()
  }

  /** All of what was expected, one after the other and nothing else in between; the words of each fault. */
  async faults(menu: Menu, expected: readonly Expected[], soundsFolder: string): Promise<string[]> {
    const recording = await this.recording()
    const faults: string[] = []
    let at = 0
    for (const one of expected) {
      const sounds = await this.#reference(menu, one, soundsFolder)
      for (const [n, { name, sound, rivals }] of sounds.entries()) {
        const heard = listenFor(recording, sound, Math.max(0, at - 0.1), n === 0 ? promptSecondsMax : gapSecondsMax)
        const [least, most] = heard.level.map((level) => level.toFixed(2))
        if (!isSame(heard))
          faults.push(
            `${name} at ${heard.at.toFixed(2)}: ${(100 * heard.share).toFixed(0)} %, level ${least} to ${most}`,
          )
        const margin = isSame(heard) ? marginOf(recording, heard, rivals) : marginMin
        if (margin < marginMin)
          faults.push(`${name} at ${heard.at.toFixed(2)}: only ${margin.toFixed(2)} times another`)
        // What is missing does not hide what follows.
        at = isSame(heard) ? heard.end : at + sound.length / rate
      }
    }
    const { seconds, end } = longestSilence(recording)
    if (seconds > silenceSecondsMax) faults.push(`silent for ${seconds.toFixed(1)} s until ${end.toFixed(1)}`)
    return faults
  }

  async recording(): Promise<Float64Array> {
    await this.call.ended
    // A recorder writes its sizes into the head of the file when it closes it.
    await until('the recording to be closed', async () => (await readFile(this.call.recording)).readUInt32LE(40) > 0)
    return readSound(this.call.recording)
  }

  async #reference(menu: Menu, expected: Expected, folder: string): Promise<Reference[]> {
    if ('asterisk' in expected)
      return [{ name: expected.asterisk, sound: await asteriskSound(expected.asterisk, folder), rivals: [] }]
    const [prompt, fields = {}] = expected
    return Promise.all(
      fillPrompt(menu, prompt, fields).map(async (part) => {
        const soundOf = async (said: Part) =>
          trimmed(await readSound(`${await this.#speech.say(said, menu.language)}.wav`))
        const texts = 'text' in part ? rivalsOf(part.text, menu.language) : []
        const rivals = await Promise.all(texts.map((text) => soundOf({ text })))
        return { name: `${prompt}: ${'text' in part ? part.text : part.sound}`, sound: await soundOf(part), rivals }
      }),
    )
  }
}

/** `rivals` are the sounds of what might be said in its place. */
interface Reference {
  name: string
  sound: Float64Array
  rivals: Float64Array[]
}

/** Without the silence at its ends, where there is nothing to compare. */
export function trimmed(sound: Float64Array): Float64Array {
  const floor = 200
  const first = sound.findIndex((one) => Math.abs(one) > floor)
  const last = sound.findLastIndex((one) => Math.abs(one) > floor)
  const least = rate / 5
  return sound.subarray(Math.max(0, Math.min(first, sound.length - least)), Math.max(first + least, last + 1))
}

async function asteriskSound(name: string, folder: string): Promise<Float64Array> {
  const { stdout } = await promisify(execFile)(
    'sox',
    [join(folder, `${name}.gsm`), '-r', '8000', '-b', '16', '-t', 'wav', '-'],
    {
      encoding: 'buffer',
      maxBuffer: 4_000_000,
    },
  )
  const at = stdout.indexOf('data') + 8
  return trimmed(
    Float64Array.from({ length: Math.floor((stdout.length - at) / 2) }, (_, n) => stdout.readInt16LE(at + 2 * n)),
  )
}
