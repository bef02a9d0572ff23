import { createHmac, randomBytes } from 'node:crypto'

/** Standard Webhooks 1.0.0 (https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md). */
const prefix = 'whsec_'
const secretBytesMin = 24
const secretBytesMax = 64
const secretBytes = 32

export function makeSecret(): string {
  return prefix + randomBytes(secretBytes).toString('base64')
}

/** Whether a text is `whsec_` and the base64 of 24 to 64 bytes, as the specification asks. */
export function isSecret(text: string): boolean {
  if (!text.startsWith(prefix)) return false
  const bytes = Buffer.from(text.slice(prefix.length), 'base64')
  // Node skips what is not base64, so the text is compared with the one that these bytes have.
  return (
    bytes.length >= secretBytesMin &&
    bytes.length <= secretBytesMax &&
    bytes.toString('base64') === text.slice(prefix.length)
  )
}

/** What a receiver's secrets sign: the id and the body of an event, and the time of the try in Unix seconds. */
export interface Signed {
  id: string
  seconds: number
  body: string
}

/**
 * Returns the three headers of a request. Each secret gives one signature, so that a receiver verifies with the old or the new one
 * during a rotation. The id must have no full stop, or id and body could be shifted against each other under one signature.
 */
export function signatureHeaders({ id, seconds, body }: Signed, secrets: readonly string[]): Record<string, string> {
  if (id.includes('.')) throw new Error('the id of an event has a full stop')
  const sign = (secret: string) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
  }
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': secrets.map(sign).join(' ') }
}
