import { createHmac, createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto'

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

/** PKCS #8 of an Ed25519 key is this and its seed of 32 bytes (RFC 8410, section 7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')
const seedBytes = 32
const privatePrefix = 'whsk_'
const publicPrefix = 'whpk_'

/** Returns a new Ed25519 key for `v1a` signatures: `whsk_` and the base64 of the seed and the public key, as Svix has it. */
export function makeSigningKey(): string {
  const seed = randomBytes(seedBytes)
  return privatePrefix + Buffer.concat([seed, publicBytes(seed)]).toString('base64')
}

/** Returns what verifies the signatures of a key: `whpk_` and the base64 of 32 bytes. It is no secret. */
export function publicKeyOf(signingKey: string): string {
  return publicPrefix + publicBytes(seedOf(signingKey)).toString('base64')
}

function seedOf(signingKey: string): Buffer {
  return Buffer.from(signingKey.slice(privatePrefix.length), 'base64').subarray(0, seedBytes)
}

function keyOf(seed: Buffer) {
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' })
}

function publicBytes(seed: Buffer): Buffer {
  return createPublicKey(keyOf(seed)).export({ format: 'der', type: 'spki' }).subarray(-seedBytes)
}

/** What a receiver's secrets sign: the id and the body of an event, and the time of the try in Unix seconds. */
export interface Signed {
  id: string
  seconds: number
  body: string
}

/**
 * Returns the three headers of a request. Each secret gives one `v1` signature, so that a receiver verifies with the old or the new one
 * during a rotation; a signing key gives one `v1a` besides. The id must have no full stop, or id and body could be shifted against each other under one signature.
 */
export function signatureHeaders(
  { id, seconds, body }: Signed,
  secrets: readonly string[],
  signingKey?: string,
): Record<string, string> {
  if (id.includes('.')) throw new Error('the id of an event has a full stop')
  const signed = `${id}.${seconds}.${body}`
  const symmetric = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64')
    return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
  })
  const asymmetric =
    signingKey === undefined
      ? []
      : [`v1a,${sign(null, Buffer.from(signed), keyOf(seedOf(signingKey))).toString('base64')}`]
  const signatures = [...symmetric, ...asymmetric].join(' ')
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': signatures }
}
