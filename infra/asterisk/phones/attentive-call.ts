import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PhoneError } from '../errors.ts'
import { type AriLogin, requestAri } from './ari.ts'
import type { PhoneCall } from './call.ts'

/** Length of a key and of the pause after it: as fast as a person presses, long enough for receivers of RFC 4733. */
const digitMs = 80

/** A call whose phone records what it receives, from before the answer on, and can press keys. */
export interface AttentiveCall extends PhoneCall {
  /** Path of a WAV file: 8 kHz, 16 bit, one channel. It is complete after the call has ended. */
  readonly recording: string
  /** Resolves when Asterisk has accepted the digits, which it sends one after another. @throws PhoneError */
  press(digits: string): Promise<void>
}

/** The part of the phones' Asterisk that the call uses. */
interface PhonesInstance extends AriLogin {
  recordingFolder: string
  cli(command: string): Promise<string>
}

/**
 * Dials from a channel that stays in the phones' Stasis application, so that it can press keys. MixMonitor records the
 * channel frame by frame; a snoop channel has a clock of its own and would lose or repeat frames.
 *
 * @throws PhoneError
 */
export async function placeAttentive(
  phones: PhonesInstance,
  endpoint: string,
  call: PhoneCall,
): Promise<AttentiveCall> {
  const { id } = call
  const recording = join(phones.recordingFolder, `${id}.wav`)
  const must = async (method: string, path: string, body?: unknown) => {
    const status = await requestAri(phones, method, path, body)
    if (status < 200 || status > 299)
      throw new PhoneError(`The phone could not call: ARI answered ${status} to ${method} ${path}.`)
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
