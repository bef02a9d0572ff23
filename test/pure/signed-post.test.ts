import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { expect, test } from 'vitest'
import { PostSigner } from '../../functions/gateways/signed-post.ts'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'an example', sessionToken: 'a/session+token=' }
const body = JSON.stringify({ type: 'heard', stale: true, name: 'é' })

/** The SDK's signer needs its hash as a class, which is an HMAC if it gets a secret. */
class Sha256 {
  readonly #hash: { update(data: Uint8Array): unknown; digest(): Buffer }
  constructor(secret?: Parameters<typeof createHmac>[1] | ArrayBuffer) {
    this.#hash = secret ? createHmac('sha256', Buffer.from(secret as string)) : createHash('sha256')
  }
  update(data: string | Uint8Array | ArrayBuffer): void {
    this.#hash.update(Buffer.from(data as string))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
}

test.each([
  ['with a session token', credentials],
  ['without a session token', { ...credentials, sessionToken: undefined }],
])('signs a post %s like the SDK, for any connection id and day', async (_, given) => {
  const { sessionToken, ...keys } = given
  const own = sessionToken ? { ...keys, sessionToken } : keys
  const signer = new PostSigner(own, 'eu-west-3')
  const sha256 = Sha256 as never
  const region = 'eu-west-3'
  const sdk = new SignatureV4({ credentials: own, region, service: 'execute-api', sha256, applyChecksum: false })
  for (const id of ['abc', 'L0SM9cOFvHcCIhw=', 'a/b+c=', 'é']) {
    for (const day of [1, 2]) {
      const now = new Date(Date.UTC(2026, 10, day, 8, 7, 6))
      const path = `/dev/@connections/${encodeURIComponent(id)}`
      const hostname = 'abc.execute-api.eu-west-3.amazonaws.com'
      const request = {
        method: 'POST',
        protocol: 'https:',
        hostname,
        path,
        headers: { host: hostname },
        body,
        query: {},
      }
      const { headers } = await sdk.sign(request, { signingDate: now })
      expect(signer.headers(hostname, path, body, now)).toEqual(headers)
    }
  }
})

test.each([credentials, { ...credentials, sessionToken: undefined }])(
  'signs further headers of another service like the SDK',
  async ({ sessionToken, ...keys }) => {
    const own = sessionToken ? { ...keys, sessionToken } : keys
    const [region, service] = ['eu-west-3', 'events']
    const more = { 'x-amz-target': 'AWSEvents.PutEvents' }
    const sha256 = Sha256 as never
    const sdk = new SignatureV4({ credentials: own, region, service, sha256, applyChecksum: false })
    const now = new Date(Date.UTC(2026, 10, 24, 8, 7, 6))
    const hostname = 'events.eu-west-3.amazonaws.com'
    const headers = { host: hostname, ...more }
    const request = { method: 'POST', protocol: 'https:', hostname, path: '/', headers, body, query: {} }
    const signed = await sdk.sign(request, { signingDate: now })
    expect(new PostSigner(own, region, service, more).headers(hostname, '/', body, now)).toEqual(signed.headers)
  },
)
