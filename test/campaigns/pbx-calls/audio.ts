import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AsteriskInstance } from '../../../infra/asterisk/instance.ts'
import { type Leg, legsOf } from '../../pbx/support/legs.ts'
import { rate, readSound } from '../../support/sound.ts'
import { until } from '../../support/until.ts'
import type { World } from './world.ts'

/** One second of audio. */
export const packetsMin = 50

/**
 * Waits until there is audio in both directions of a call: each endpoint of `phones` and, with `provider`, the far end hears a second
 * and more, and the PBX hears as much from each. In a bridge the PBX has nothing of its own to say, so what one party hears,
 * another one said.
 *
 * @throws Error with what was heard, if that does not happen
 */
export async function hearEachOther(world: World, phones: readonly string[], withProvider: boolean): Promise<void> {
  let seen = ''
  const look = async () => {
    const atPhones = await legsOf(world.phones)
    const atProvider = withProvider ? await world.provider.legs() : []
    const atPbx = await legsOf(world.pbx)
    seen = JSON.stringify({ atPhones, atProvider, atPbx })
    const ofPbx = atPbx.filter(({ endpoint }) => withProvider || endpoint !== 'mytrunk')
    // The phones' Asterisk names each incoming call after the PBX and each outgoing one after its phone.
    return (
      isHeard(atPhones, phones.length) &&
      isHeard(ofPbx, phones.length + (withProvider ? 1 : 0)) &&
      phones.every((name) => ofPbx.some(({ endpoint }) => endpoint === name)) &&
      isHeard(atProvider, withProvider ? 1 : 0)
    )
  }
  await until('audio in both directions', look, 30_000).catch(() => {
    throw new Error(`no audio in both directions: ${seen}`)
  })
}

const isHeard = (legs: readonly Leg[], count: number) =>
  legs.length === count && legs.every(({ received }) => received >= packetsMin)

/** Seconds of a recording in which the test tone of 1,004 Hz is nearly all that is heard. */
export async function toneSeconds(file: string): Promise<number> {
  const sound = await readSound(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return new Float64Array()
    throw error
  })
  const frame = rate / 50
  let frames = 0
  for (let at = 0; at + frame <= sound.length; at += frame) if (isTone(sound.subarray(at, at + frame))) frames++
  return frames / 50
}

/** Compares the energy at 1,004 Hz (Goertzel) with all energy of a frame. */
function isTone(frame: Float64Array): boolean {
  let [re, im, energy] = [0, 0, 0]
  for (const [n, one] of frame.entries()) {
    const angle = (2 * Math.PI * 1004 * n) / rate
    re += one * Math.cos(angle)
    im += one * Math.sin(angle)
    energy += one * one
  }
  return energy / frame.length > 100 ** 2 && (2 * (re * re + im * im)) / frame.length > 0.8 * energy
}

/** Folder of new messages of a mailbox. */
export const inbox = (pbx: AsteriskInstance, mailbox: string) =>
  join(dirname(pbx.recordingFolder), 'voicemail', 'voicemail', mailbox, 'INBOX')

/** Files of the new messages of a mailbox, oldest first. */
export async function messagesIn(pbx: AsteriskInstance, mailbox: string): Promise<string[]> {
  const folder = inbox(pbx, mailbox)
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names
    .filter((name) => /^msg\d+\.wav$/.test(name))
    .sort()
    .map((name) => join(folder, name))
}

/** The number of new messages that Asterisk counts, which it also tells the phone. */
export async function newMessages(pbx: AsteriskInstance, mailbox: string): Promise<number> {
  const text = await pbx.cli('voicemail show users')
  const line = text.split('\n').find((one) => one.split(/\s+/)[1] === mailbox) ?? ''
  return Number(/(\d+)\s*$/.exec(line)?.[1] ?? Number.NaN)
}
