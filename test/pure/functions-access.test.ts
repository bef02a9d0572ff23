import fc from 'fast-check'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { identifyKey } from '../../functions/authorize/identify.ts'
import { parseCaller } from '../../functions/caller.ts'
import { hashSecret, makeApiKey, parseApiKey, sameText } from '../../functions/domain/api-key.ts'
import { readCursor, writeCursor } from '../../functions/http/cursor.ts'
import { makeSecrets } from '../../infra/build/secrets.ts'

const secrets = makeSecrets()

test('a key is found by its prefix and believed by its secret alone', async () => {
  const key = makeApiKey()
  const row = { site: 'office', hash: hashSecret(key.secret, secrets.pepper), scopes: ['cdrs:read', 'no-such-scope'] }
  const keys = { key: async (prefix: string) => (prefix === key.prefix ? row : undefined) }
  const caller = await identifyKey(`Bearer ${key.text}`, secrets, keys)
  expect(caller).toEqual({ kind: 'key', site: 'office', keyId: key.prefix, scopes: new Set(['cdrs:read']) })
  const other = makeApiKey()
  const swapped = `shk_${key.prefix}_${other.secret}`
  for (const wrong of [other.text, swapped, key.text.slice(0, -1), `${key.text}x`, 'x', '']) {
    expect(await identifyKey(`Bearer ${wrong}`, secrets, keys)).toEqual({ kind: 'unknown' })
  }
  for (const header of [undefined, key.text, `bearer ${key.text}`, `Basic ${key.text}`]) {
    expect(await identifyKey(header, secrets, keys)).toEqual({ kind: 'unknown' })
  }
})

test('the admin key is the deployment’s own', async () => {
  const keys = { key: async () => undefined }
  expect(await identifyKey(`Bearer ${secrets.adminKey}`, secrets, keys)).toEqual({ kind: 'admin' })
  expect(await identifyKey(`Bearer ${makeSecrets().adminKey}`, secrets, keys)).toEqual({ kind: 'unknown' })
})

test('a request without an authorizer’s word is nobody’s', () => {
  for (const context of [undefined, null, {}, { kind: 'key' }, { kind: 'root' }, 'admin']) {
    expect(parseCaller(context)).toEqual({ kind: 'unknown' })
  }
})

test('the text of a key tells its two parts, and of anything else none', () => {
  const key = makeApiKey()
  expect(parseApiKey(key.text)).toEqual({ prefix: key.prefix, secret: key.secret })
  fc.assert(fc.property(fc.string(), (text) => parseApiKey(text) === undefined))
})

test('texts compare as equal only when they are', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => sameText(a, b) === (a === b)))
})

test('a cursor opens only unchanged, for its own list and its own site', () => {
  const Position = v.record(v.string(), v.string())
  const position = { site: 'office', from: '2026-11-01T00:00:00Z', to: '2026-11-24T00:00:00Z', after: 'row' }
  const cursor = writeCursor('cdrs', 'office', position, secrets.cursorKey)
  expect(readCursor('cdrs', 'office', Position, cursor, secrets.cursorKey)).toEqual(position)
  expect(() => readCursor('cdrs', 'other', Position, cursor, secrets.cursorKey)).toThrow('start without one')
  expect(() => readCursor('calls', 'office', Position, cursor, secrets.cursorKey)).toThrow('start without one')
  expect(() => readCursor('cdrs', 'office', Position, cursor, makeSecrets().cursorKey)).toThrow('start without one')
  fc.assert(
    fc.property(fc.nat(cursor.length - 1), fc.constantFrom('', 'A', '_', '.', '=='), (at, put) => {
      const mutated = cursor.slice(0, at) + put + cursor.slice(at + 1)
      if (mutated === cursor) return
      expect(() => readCursor('cdrs', 'office', Position, mutated, secrets.cursorKey)).toThrow('start without one')
    }),
    { numRuns: 300 },
  )
})
