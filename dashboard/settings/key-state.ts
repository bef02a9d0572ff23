import type { KeyInfo } from '../../contracts/key.ts'

export type KeyState = 'active' | 'expires' | 'frozen' | 'expired' | 'revoked'
/** A key that expires within a week is shown as such. */
const soonMs = 7 * 86_400_000
export function keyState({ revokedAt, frozenAt, expiresAt }: KeyInfo, nowMs: number): KeyState {
  if (revokedAt) return 'revoked'
  const leftMs = expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - nowMs
  if (leftMs <= 0) return 'expired'
  if (frozenAt) return 'frozen'
  return leftMs < soonMs ? 'expires' : 'active'
}
