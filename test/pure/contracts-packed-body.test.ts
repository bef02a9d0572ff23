import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unpackedBytesMax } from '../../contracts/limits.ts'
import { BodyRefusedError, openBody, packBody } from '../../contracts/packed-body.ts'
import { propertyRuns } from '../support/property.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('ed25519')
const packing = { site: 'lyon-1', key: 'k1', lane: 'live' } as const
const pack = (lines: readonly string[], key: KeyObject) =>
  packBody(
    packing,
    lines.map((line) => Buffer.from(line)),
    (bytes) => sign(null, bytes, key),
  )
const registered = async (site: string, key: string) => (site === 'lyon-1' && key === 'k1' ? publicKey : undefined)

function body(lines = ['{"a":1}', '{"b":"é\u0000"}'], key = privateKey): Record<string, unknown> {
  return JSON.parse(pack(lines, key))
}

async function refusal(text: string): Promise<string> {
  try {
    await openBody(text, registered)
  } catch (error) {
    if (error instanceof BodyRefusedError) return error.errorId
    throw error
  }
  return 'opened'
}

test('unpacks any lines as they were packed', async () => {
  const lineOf = fc.json().map((json) => json.replaceAll('\n', ' '))
  await fc.assert(
    fc.asyncProperty(fc.array(lineOf, { minLength: 1, maxLength: 50 }), async (lines) => {
      const text = pack(lines, privateKey)
      expect(await openBody(text, registered)).toEqual({ ...packing, lines })
    }),
    { numRuns: propertyRuns(200) },
  )
})

test('a packed body is valid SQS text whatever its events contain', () => {
  const text = pack(['{"a":"\u0000\ufffe\ud800"}'], privateKey)
  expect(text).toMatch(/^[\x20-\x7e]+$/)
})

test.each([
  ['site', 'lyon-2', 'body-key-unknown'],
  ['site', 'Not A Site', 'body-malformed'],
  ['key', 'k2', 'body-key-unknown'],
  ['lane', 'records', 'body-signature-invalid'],
  ['lane', 'other', 'body-malformed'],
  ['encoding', 'gzip', 'body-malformed'],
  ['format', 2, 'body-malformed'],
  ['signature', Buffer.alloc(64).toString('base64'), 'body-signature-invalid'],
  ['signature', '', 'body-signature-invalid'],
  ['signature', '!', 'body-malformed'],
  ['data', zstdCompressSync('{"forged":1}').toString('base64'), 'body-signature-invalid'],
])('refuses a body whose field %s was changed to %j', async (field, value, errorId) => {
  expect(await refusal(JSON.stringify({ ...body(), [field]: value }))).toBe(errorId)
})

test('refuses a body that another key signed', async () => {
  expect(await refusal(JSON.stringify(body(undefined, stranger.privateKey)))).toBe('body-signature-invalid')
})

test('detects any flipped bit of the data or the signature', async () => {
  const whole = body()
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('data', 'signature'), fc.nat(), async (field, at) => {
      const bytes = Buffer.from(String(whole[field]), 'base64')
      const bit = at % (bytes.length * 8)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const altered = { ...whole, [field]: bytes.toString('base64') }
      expect(await refusal(JSON.stringify(altered))).toBe('body-signature-invalid')
    }),
    { numRuns: propertyRuns(300) },
  )
})

test('refuses a signed body that unpacks to more than the limit', async () => {
  const text = pack(['0'.repeat(unpackedBytesMax + 1)], privateKey)
  expect(await refusal(text)).toBe('body-malformed')
})

test('ignores fields of a later format version', async () => {
  const text = JSON.stringify({ ...body(['{}']), note: 'of a later bridge' })
  expect((await openBody(text, registered)).lines).toEqual(['{}'])
})
