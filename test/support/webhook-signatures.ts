import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { makeSecret, signatureHeaders } from '../../functions/domain/webhooks/signature.ts'

const hex = fc.stringMatching(/^evt_[0-9a-f]{32}$/)
const secret = fc.integer({ min: 24, max: 64 }).map((bytes) => `whsec_${randomBytes(bytes).toString('base64')}`)
const body = fc.oneof(
  fc.json(),
  fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => JSON.stringify({ text })),
)
/** An event and one or two valid secrets. */
export const signings = fc.record({ id: hex, body, secrets: fc.array(secret, { minLength: 1, maxLength: 2 }) })
type Signing = typeof signings extends fc.Arbitrary<infer T> ? T : never

function verifies(secretText: string, text: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secretText).verify(text, headers)
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'WebhookVerificationError') return false
    // The reference package parses the body after it has verified it.
    if (error instanceof SyntaxError) return true
    throw error
  }
}

/** Whether the reference package verifies the headers with each of the secrets. */
export function isVerified({ id, body: text, secrets }: Signing): boolean {
  const headers = signatureHeaders({ id, seconds: Math.floor(Date.now() / 1000), body: text }, secrets)
  return secrets.every((one) => verifies(one, text, headers))
}

/** Changes one thing of a signed request: its id, time, body, signature or secret. */
const mutations: readonly ((signed: { headers: Record<string, string>; body: string; secret: string }) => void)[] = [
  (signed) => void Object.assign(signed, { body: `${signed.body} ` }),
  (signed) => void Object.assign(signed, { body: signed.body.slice(1) }),
  (signed) => void Object.assign(signed, { secret: makeSecret() }),
  ({ headers }) => void Object.assign(headers, { 'webhook-id': `${headers['webhook-id']}0` }),
  ({ headers }) =>
    void Object.assign(headers, { 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) }),
  ({ headers }) =>
    void Object.assign(headers, { 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 400) }),
  ({ headers }) =>
    void Object.assign(headers, { 'webhook-signature': headers['webhook-signature']?.replaceAll('v1,', 'v2,') }),
  ({ headers }) => void Object.assign(headers, { 'webhook-signature': `v1,${randomBytes(32).toString('base64')}` }),
  ({ headers }) => void delete headers['webhook-signature'],
]
export const mutationCount = mutations.length

/** Whether the reference package refuses the signed request after mutation `n`. */
export function isRefusedAfter({ id, body: text, secrets }: Signing, n: number): boolean {
  const headers = signatureHeaders({ id, seconds: Math.floor(Date.now() / 1000), body: text }, secrets)
  const signed = { headers, body: text, secret: secrets[0] ?? '' }
  mutations[n % mutations.length]?.(signed)
  return !verifies(signed.secret, signed.body, signed.headers)
}
