import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type AriLogin, requestAri } from './ari.ts'
import type { PhoneCall } from './call.ts'

/** As fast as a hand, and as slow as RFC 4733 senders are. */
const digitMs = 80

/** A call that is recorded as its phone hears it, from before the answer on, and whose keys can be pressed. */
export interface AttentiveCall extends PhoneCall {
  /** 8 kHz, 16 bit, one channel; whole once the call has ended. */
  readonly recording: string
  /** Resolves when Asterisk has taken them; they are sent one after another. */
  press(digits: string): Promise<void>
}

/** The drawer of phones, as far as such a call asks. */
interface Drawer extends AriLogin {
  recordingFolder: string
  cli(command: string): Promise<string>
}

/**
 * Dials from a channel that stays in the phones' own application, free for keys. What it receives is written by
 * MixMonitor, frame by frame as they come: a second channel that listens has a clock of its own, and slips.
 */
export async function placeAttentive(phones: Drawer, endpoint: string, call: PhoneCall): Promise<AttentiveCall> {
  const { id } = call
  const recording = join(phones.recordingFolder, `${id}.wav`)
  const must = async (method: string, path: string, body?: unknown) => {
    const status = await requestAri(phones, method, path, body)
    if (status < 200 || status > 299) throw new Error(`the phone could not call: ARI answered ${status} to ${path}`)
  }
  await mkdir(phones.recordingFolder, { recursive: true })
  await must('POST', 'channels/create', { endpoint, app: 'phones', channelId: id })
  const line = (await phones.cli('core show channels concise')).split('\n').find((one) => one.endsWith(`!${id}`))
  const [name] = (line ?? '').split('!')
  await phones.cli(`mixmonitor start ${name} ${join(phones.recordingFolder, `${id}-all.wav`)},r(${recording})`)
  await call.taken
  await must('POST', `channels/${id}/dial`, { timeout: 30 })
  return Object.assign(call, {
    recording,
    press: (digits: string) =>
      must('POST', `channels/${id}/dtmf`, { dtmf: digits, duration: digitMs, between: digitMs }),
  })
}
