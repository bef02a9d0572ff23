import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * An API key is `shk_<prefix>_<secret>`, a board token `shb_<prefix>_<secret>`. The prefix is the key of its row. The secret is
 * stored only as HMAC-SHA256 under the deployment's pepper, so a copy of the table gives no access. It has 192 random bits,
 * so a slow hash is not needed.
 */
const form = /^(shk|shb)_([0-9a-f]{16})_([0-9A-Za-z_-]{32})$/
const markOf = { key: 'shk', board: 'shb' } as const
export type KeyKind = keyof typeof markOf

export interface ApiKey {
  kind: KeyKind
  prefix: string
  secret: string
}

/** Creates a key, or a new secret of the key with the given prefix. */
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

/** Compares two texts in a time that does not depend on how many characters match. */
export function sameText(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHash('sha256').update(text).digest())
  return x !== undefined && y !== undefined && timingSafeEqual(x, y)
}

/** Creates a ticket: 256 random bits, safe in a URL. */
export function makeTicket(): string {
  return randomBytes(32).toString('base64url')
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
