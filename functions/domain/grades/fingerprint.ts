import { createHmac } from 'node:crypto'

/**
 * Returns a fingerprint of a student number, a caller or a PIN for comparison: HMAC-SHA256 under the deployment's pepper, since
 * a plain hash of so few digits can be reversed by trying them all. The same digits of another kind or site have another
 * fingerprint.
 */
export function fingerprint(pepper: string, kind: 'matricule' | 'caller' | 'pin', ...parts: string[]): string {
  return createHmac('sha256', pepper)
    .update(JSON.stringify(['grade', kind, ...parts]))
    .digest('base64url')
    .slice(0, 22)
}
