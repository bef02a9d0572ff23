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

/**
 * Dials from a channel that stays in the phones' own application. What comes in is recorded by a second channel that
 * listens, so that the first is free for keys.
 */
export async function placeAttentive(
  phones: AriLogin & { recordingFolder: string },
  endpoint: string,
  call: PhoneCall,
): Promise<AttentiveCall> {
  const { id } = call
  const must = async (method: string, path: string, body?: unknown) => {
    const status = await requestAri(phones, method, path, body)
    if (status < 200 || status > 299) throw new Error(`the phone could not call: ARI answered ${status} to ${path}`)
  }
  await mkdir(phones.recordingFolder, { recursive: true })
  await must('POST', 'channels/create', { endpoint, app: 'phones', channelId: id })
  await must('POST', `channels/${id}/snoop/${id}-ear`, { spy: 'in', app: 'phones' })
  await must('POST', `channels/${id}-ear/record`, { name: id, format: 'wav', ifExists: 'overwrite' })
  await must('POST', `channels/${id}/dial`, { timeout: 30 })
  return Object.assign(call, {
    recording: join(phones.recordingFolder, `${id}.wav`),
    press: (digits: string) =>
      must('POST', `channels/${id}/dtmf`, { dtmf: digits, duration: digitMs, between: digitMs }),
  })
}
