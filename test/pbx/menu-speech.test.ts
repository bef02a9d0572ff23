import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Speech, SpeechError } from '../../bridge/menus/speech.ts'

async function startSpeech() {
  const folder = await mkdtemp(join(tmpdir(), 'speech-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const speech = new Speech(folder)
  await speech.start()
  return { folder, speech }
}

/** Returns the samples of a WAV file of 8 kHz, 16 bits, one channel, with a header of 44 bytes. */
async function samples(path: string): Promise<Int16Array> {
  const bytes = await readFile(`${path}.wav`)
  expect([bytes.readUInt16LE(22), bytes.readUInt32LE(24), bytes.readUInt16LE(34)]).toEqual([1, 8000, 16])
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + bytes.length))
}
const rms = (sound: Int16Array) => Math.sqrt(sound.reduce((sum, one) => sum + one * one, 0) / sound.length)

test('synthesises a sentence as 8 kHz audio of plausible length, once per language', async () => {
  const { folder, speech } = await startSpeech()
  const part = { text: 'quinze virgule vingt-cinq' }
  const paths = await Promise.all([speech.say(part, 'fr'), speech.say(part, 'fr'), speech.say(part, 'en')])
  expect(new Set(paths).size).toBe(2)
  expect((await readdir(folder)).length).toBe(2)
  const sound = await samples(paths[0])
  expect(sound.length / 8000).toBeGreaterThan(0.8)
  expect(sound.length / 8000).toBeLessThan(4)
  expect(rms(sound)).toBeGreaterThan(500)
})

test('synthesises a sentence only once, even if the process restarts', async () => {
  const { folder, speech } = await startSpeech()
  const path = await speech.say({ text: 'Au revoir.' }, 'fr')
  const made = await stat(`${path}.wav`)
  expect(await new Speech(folder).say({ text: 'Au revoir.' }, 'fr')).toBe(path)
  const again = await stat(`${path}.wav`)
  expect([again.ino, again.mtimeMs]).toEqual([made.ino, made.mtimeMs])
})

test('the success tone rises and the failure tone falls', async () => {
  const { speech } = await startSpeech()
  /** Compares the zero crossings of the last tenth of a second with those of the first: a positive result is a rising tone. */
  const rises = async (name: string) => {
    const sound = await samples(await speech.say({ sound: name }, 'fr'))
    const crossings = (from: number) =>
      [...sound.subarray(from, from + 800)].filter((one, i, all) => i > 0 && one > 0 !== (all[i - 1] ?? 0) > 0).length
    return crossings(sound.length - 1000) - crossings(100)
  }
  expect(await rises('success')).toBeGreaterThan(20)
  expect(await rises('failure')).toBeLessThan(-20)
})

test('an unknown sound throws an error and leaves no file', async () => {
  const { folder, speech } = await startSpeech()
  await expect(speech.say({ sound: 'applause' }, 'fr')).rejects.toThrow(SpeechError)
  expect(await readdir(folder)).toEqual([])
})
