import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Speech } from '../../bridge/menus/speech.ts'
import { sayNumber } from '../../contracts/spoken-mark.ts'
import { Random } from '../support/random.ts'
import { rate, readSound } from '../support/sound.ts'
import { isSame, listenFor, marginMin, marginOf } from './support/heard.ts'
import { trimmed } from './support/menu-caller.ts'
import { rivalsOf } from './support/rivals.ts'

/**
 * Goal: the check of what a caller heard tells sentences apart that differ in one number only, on a bad line too.
 * Method: real speech on a line that loses packets, held against each sentence.
 */
let folder: string
let speech: Speech
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heard-'))
  speech = new Speech(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const soundOf = async (text: string) => trimmed(await readSound(`${await speech.say({ text }, 'fr')}.wav`))
const packet = rate / 50

/** A sentence with a pause around it, of which a part of the packets is lost. */
function onLine(sound: Float64Array, lost: number): Float64Array {
  const random = new Random(5)
  const line = new Float64Array(sound.length + 2 * rate)
  line.set(sound, rate)
  for (let at = rate; at < rate + sound.length; at += packet) if (random.next() < lost) line.fill(0, at, at + packet)
  return line
}

/** How many times as much of the line is the sentence as any other; none if it is not there at all. */
async function marginAt(line: Float64Array, expected: string): Promise<number> {
  const heard = listenFor(line, await soundOf(expected), 0, 2)
  return isSame(heard) ? marginOf(line, heard, await Promise.all(rivalsOf(expected, 'fr').map(soundOf))) : 0
}

const mark = (note: number) => sayNumber(note, 'fr')
const alike: [said: string, others: string[]][] = [
  [mark(12), [mark(12.5), mark(13), mark(11)]],
  [mark(12.5), [mark(12), mark(12.25), mark(13.5)]],
  [mark(14.75), [mark(14.25), mark(15.75)]],
  [mark(15.25), [mark(15.75), mark(15), mark(16.25)]],
  ['bien', ['assez bien', 'très bien']],
  ['assez bien', ['bien', 'très bien']],
]

test.each(alike)('“%s” is heard and none of %j', async (said, others) => {
  const sound = await soundOf(said)
  for (const lost of [0, 0.05]) {
    const line = onLine(sound, lost)
    const own = await marginAt(line, said)
    const wrong = await Promise.all(others.map((other) => marginAt(line, other)))
    expect(own, `${lost}`).toBeGreaterThan(2 * marginMin)
    expect(Math.max(...wrong), `${lost}`).toBeLessThan(marginMin / 2)
  }
})
