import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { makeSigningKey, publicKeyOf, signatureHeaders } from '../../functions/domain/webhooks/signature.ts'

/** Goal: the code that docs/webhooks.md gives to receivers verifies what is sent. Method: the code of the document itself runs. */
const [secret, older] = ['first', 'older'].map((name) => `whsec_${Buffer.from(name.repeat(6)).toString('base64')}`) as [
  string,
  string,
]
const body = JSON.stringify({ type: 'call.ended', data: { name: 'Zoé' } })
const seconds = Math.floor(Date.now() / 1000)

let verify: (secret: string, headers: Record<string, string>, body: string) => boolean
beforeAll(async () => {
  const [, code = ''] = /<!-- node -->\n```js\n([\s\S]*?)```/.exec(readFileSync('docs/webhooks.md', 'utf8')) ?? []
  const module: { verify: typeof verify } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  verify = module.verify
})
const signed = (at = seconds, secrets: readonly string[] = [secret]) =>
  signatureHeaders({ id: 'evt_1', seconds: at, body }, secrets)

test('the code for Node of docs/webhooks.md verifies a request, also during a rotation of the secret', () => {
  expect(verify(secret, signed(), body)).toBe(true)
  expect(verify(older, signed(seconds, [secret, older]), body)).toBe(true)
})

test.each([
  ['another secret', () => verify(older, signed(), body)],
  ['a changed body', () => verify(secret, signed(), `${body} `)],
  ['another id', () => verify(secret, { ...signed(), 'webhook-id': 'evt_2' }, body)],
  ['a request of ten minutes ago', () => verify(secret, signed(seconds - 600), body)],
  ['a time that is no number', () => verify(secret, { ...signed(), 'webhook-timestamp': 'now' }, body)],
  ['no signature', () => verify(secret, { ...signed(), 'webhook-signature': '' }, body)],
])('the code for Node of docs/webhooks.md refuses %s', (_, attempt) => {
  expect(attempt()).toBe(false)
})

test('the code for a public key of docs/webhooks.md verifies a request with it, and none with another or of ten minutes ago', async () => {
  const [, code = ''] = /<!-- node v1a -->\n```js\n([\s\S]*?)```/.exec(readFileSync('docs/webhooks.md', 'utf8')) ?? []
  const { verifyByPublicKey }: { verifyByPublicKey: typeof verify } = await import(
    `data:text/javascript,${encodeURIComponent(code)}`
  )
  const [key, other] = [makeSigningKey(), makeSigningKey()]
  const headers = (at = seconds) => signatureHeaders({ id: 'evt_1', seconds: at, body }, [secret], key)
  expect(verifyByPublicKey(publicKeyOf(key), headers(), body)).toBe(true)
  expect(verifyByPublicKey(publicKeyOf(other), headers(), body)).toBe(false)
  expect(verifyByPublicKey(publicKeyOf(key), headers(), `${body} `)).toBe(false)
  expect(verifyByPublicKey(publicKeyOf(key), headers(seconds - 600), body)).toBe(false)
  expect(verifyByPublicKey(publicKeyOf(key), signed(), body)).toBe(false)
})
