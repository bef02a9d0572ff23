import type { KeyMade } from '../../../contracts/key.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { isValid, secretsMax } from '../../authorize/identify.ts'
import { hashSecret, makeApiKey } from '../../domain/api-key.ts'
import type { KeyRow } from '../../stores/keys.ts'
import { HttpProblemError } from '../problem.ts'
import { checkAccount, checkHolds, type Giver } from './giver.ts'
import { keyUnknown, toKeyInfo } from './key-info.ts'

export interface KeyRotator {
  find(prefix: string): Promise<KeyRow | undefined>
  rotate(prefix: string, seen: KeyRow, next: Pick<KeyRow, 'hash' | 'older'>, now: number): Promise<boolean>
}

/**
 * Gives a key a new secret; the old one stays valid until the overlap ends. If the request is repeated because its answer was
 * lost, the lost secret becomes one of the older ones, and the secret in use stays valid until its own end.
 */
export async function rotateKey(
  prefix: string,
  { overlapSeconds }: { overlapSeconds: number },
  { giver, site, pepper, keys, now }: { giver: Giver; site: SiteId; pepper: string; keys: KeyRotator; now: number },
): Promise<KeyMade> {
  const row = await keys.find(prefix)
  if (row?.site !== site || !isValid(row, now)) throw keyUnknown()
  // A key may always rotate itself, also with a secret that was rotated out because an answer was lost.
  const isOwn = giver.caller.kind === 'key' && giver.caller.keyId === prefix
  if (!isOwn) {
    checkHolds(giver, row.scopes, row, 'rotate a key')
    checkAccount(giver, prefix, row)
  }
  const older = row.older.filter(({ until }) => until > now)
  if (older.length >= secretsMax - 1) {
    throw new HttpProblemError(
      409,
      'rotation-running',
      `The key has ${secretsMax} valid secrets. Wait until one of them expires.`,
    )
  }
  const { secret, text } = makeApiKey(row.kind, prefix)
  const hash = hashSecret(secret, pepper)
  const ending = overlapSeconds > 0 ? [{ hash: row.hash, until: now + overlapSeconds * 1000 }] : []
  const next = { hash, older: [...older, ...ending] }
  if (!(await keys.rotate(prefix, row, next, now))) {
    throw new HttpProblemError(409, 'key-changed', 'The key was changed at the same time. Read it and try again.')
  }
  return { ...toKeyInfo(prefix, { ...row, rotatedAt: now }), secret: text }
}
