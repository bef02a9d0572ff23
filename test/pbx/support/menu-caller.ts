import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Fields } from '../../../bridge/menus/engine.ts'
import type { Menu } from '../../../bridge/menus/menu.ts'
import { fillPrompt } from '../../../bridge/menus/prompt.ts'
import type { Speech } from '../../../bridge/menus/speech.ts'
import type { AttentiveCall } from '../../../infra/asterisk/phones/attentive-call.ts'
import { longestSilence, rate, readSound } from '../../support/sound.ts'
import { until } from '../../support/until.ts'
import { type Expected, expectedSounds, orderFaults } from './expected-sounds.ts'
import type { PlayedSound, PlayedSounds } from './played-sounds.ts'
import { findPrompt } from './prompt-audio.ts'

/** A menu waits 6 s for a key; Asterisk may hold a call whose bridge has died for the length of a prompt, 10 s and 1.8 s. */
const promptMsMax = 60_000
/** Largest change of the difference between the recording and the clock from one sound to the next. */
const driftSeconds = 1.5
const silenceSecondsMax = 2

/** Recorder of played sounds, speech and sound files that all callers share. */
export interface CallerWorld {
  played: PlayedSounds
  speech: Speech
  /** Where the sounds are that come with Asterisk. */
  soundsFolder: string
}

/** A person at a real phone who acts on what is played; the call is recorded as the phone receives it. */
export class MenuCaller {
  readonly call: AttentiveCall
  readonly #endpoint: string
  readonly #world: CallerWorld
  /** Number of played sounds up to the last one that the caller has waited for. */
  #heard = 0

  constructor(call: AttentiveCall, endpoint: string, world: CallerWorld) {
    this.call = call
    this.#endpoint = endpoint
    this.#world = world
  }

  /** Waits until Asterisk has begun to play the prompt; returns when, by `performance.now()`. */
  async hears(menu: Menu, prompt: string, fields: Fields = {}): Promise<number> {
    const { played, speech } = this.#world
    const [first] = fillPrompt(menu, prompt, fields)
    if (!first) throw new Error(`the prompt ${prompt} says nothing`)
    const name = basename(await speech.say(first, menu.language))
    const find = async () => {
      const sounds = played.of(this.#endpoint)
      const n = sounds.findIndex((sound, at) => at >= this.#heard && sound.name === name)
      return n >= 0 && { n, ms: sounds[n]?.ms ?? 0 }
    }
    const { n, ms } = await until(`${this.#endpoint} to hear ${prompt}`, find, promptMsMax).catch((cause: Error) => {
      throw new Error(`${cause.message}: ${name.slice(0, 8)} is not in ${played.story(this.#endpoint)}`, { cause })
    })
    this.#heard = n + 1
    return ms
  }

  /** Presses keys as soon as the prompt has begun. */
  async enters(menu: Menu, prompt: string, digits: string): Promise<void> {
    await this.hears(menu, prompt)
    await this.call.press(digits)
  }

  get lastKeyMs(): number {
    return this.#world.played.lastKeyMs(this.#endpoint)
  }

  async hangsUp(): Promise<void> {
    await this.call.hangup()
  }

  /**
   * Compares the whole call with what was expected; returns each fault in words. Asterisk's events say which sounds were
   * played in which order, whatever the machine is busy with; the recording says that they reached the phone.
   */
  async faults(expected: readonly Expected[]): Promise<string[]> {
    return [
      ...(await this.orderFaults(expected)),
      ...(await this.audioFaults(expected)),
      ...(await this.#silenceFaults()),
    ]
  }

  /** The part of `faults` that only reads Asterisk's events. */
  async orderFaults(expected: readonly Expected[]): Promise<string[]> {
    return orderFaults(await this.#played(), await expectedSounds(expected, this.#world))
  }

  /** The part of `faults` that only listens to the recording. */
  async audioFaults(expected: readonly Expected[]): Promise<string[]> {
    const recording = await this.recording()
    const clock = new RecordingClock(await this.#played())
    const faults: string[] = []
    let end = 0
    for (const one of expected) {
      const sounds = await expectedSounds([one], this.#world)
      const [first] = sounds
      const begun = first && clock.begunAt(first.name)
      if (!first?.isWhole) continue
      const audio = await Promise.all(sounds.map((sound) => sound.audio()))
      const from = Math.max(0, end - 0.1, begun === undefined ? 0 : begun - driftSeconds)
      let found = findPrompt(recording, audio, from, begun === undefined ? recording.length / rate : 2 * driftSeconds)
      // Not found near its expected time: the recorder may have lost a part of the call, so search in the whole rest.
      if (found.faults.length > 0) found = findPrompt(recording, audio, Math.max(0, end - 0.1), recording.length / rate)
      faults.push(...found.faults)
      if (found.at !== undefined) clock.isAt(found.at)
      end = found.end ?? end
    }
    return faults
  }

  async #silenceFaults(): Promise<string[]> {
    const { seconds, end } = longestSilence(await this.recording())
    return seconds > silenceSecondsMax ? [`silent for ${seconds.toFixed(1)} s until ${end.toFixed(1)}`] : []
  }

  /** All sounds of the call except the sound of waiting, which may follow any other. */
  async #played(): Promise<readonly PlayedSound[]> {
    const { played, speech } = this.#world
    const waiting = basename(await speech.say({ sound: 'waiting' }, 'fr'))
    return (await played.whole(this.#endpoint)).filter(({ name }) => name !== waiting)
  }

  async recording(): Promise<Float64Array> {
    await this.call.ended
    // A recorder writes its sizes into the head of the file when it closes it.
    await until('the recording to be closed', async () => (await readFile(this.call.recording)).readUInt32LE(40) > 0)
    return readSound(this.call.recording)
  }
}

/** Converts the time at which Asterisk began to play a sound into the expected second in the recording. */
class RecordingClock {
  readonly #played: readonly PlayedSound[]
  #next = 0
  #ms: number | undefined
  /** Seconds of the recording minus seconds of the clock; a recorder that loses audio lets it shrink. */
  #offset: number | undefined

  constructor(played: readonly PlayedSound[]) {
    this.#played = played
  }

  /**
   * Moves on to the next sound of this name and returns its expected second in the recording. Returns undefined if there is no
   * such sound, or while no sound has been found in the recording.
   */
  begunAt(name: string): number | undefined {
    const n = this.#played.findIndex((sound, at) => at >= this.#next && sound.name === name)
    this.#ms = this.#played[n]?.ms
    if (n >= 0) this.#next = n + 1
    return this.#ms === undefined || this.#offset === undefined ? undefined : this.#ms / 1000 + this.#offset
  }

  /** Sets the second in the recording at which the last sound of `begunAt` was found. */
  isAt(seconds: number): void {
    if (this.#ms !== undefined) this.#offset = seconds - this.#ms / 1000
  }
}
