import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * An API key is `shk_<prefix>_<secret>`, a board token `shb_<prefix>_<secret>`: the prefix finds its row, the secret is stored only as HMAC-SHA256 under the
 * deployment's pepper, so that a copy of the table opens nothing. The secret has 192 random bits, so no slow hash is owed.
 */
const form = /^(shk|shb)_([0-9a-f]{16})_([0-9A-Za-z_-]{32})$/
const markOf = { key: 'shk', board: 'shb' } as const
export type KeyKind = keyof typeof markOf

export interface ApiKey {
  kind: KeyKind
  prefix: string
  secret: string
}

/** A new key, or with a prefix the next secret of a known one. */
export function makeApiKey(kind: KeyKind = 'key', prefix = randomBytes(8).toString('hex')): ApiKey & { text: string } {
  const secret = randomBytes(24).toString('base64url')
  return { kind, prefix, secret, text: `${markOf[kind]}_${prefix}_${secret}` }
}

export function parseApiKey(text: string): ApiKey | undefined {
  const [, mark, prefix, secret] = form.exec(text) ?? []
  return prefix && secret ? { kind: mark === markOf.board ? 'board' : 'key', prefix, secret } : undefined
}

export function hashSecret(secret: string, pepper: string): string {
  return createHmac('sha256', pepper).update(secret).digest('hex')
}

/** Compares in a time that does not tell how much of the text fits. */
export function sameText(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHash('sha256').update(text).digest())
  return x !== undefined && y !== undefined && timingSafeEqual(x, y)
}

/** Random text for what is used once: 256 bits, safe in a URL. */
export function makeTicket(): string {
  return randomBytes(32).toString('base64url')
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
