import fc from 'fast-check'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { identifyKey, type KeyFinder } from '../../functions/authorize/identify.ts'
import { callerContext, parseCaller } from '../../functions/caller.ts'
import { hashSecret, makeApiKey, parseApiKey, sameText } from '../../functions/domain/api-key.ts'
import { makeEnrolmentCode, parseEnrolmentCode } from '../../functions/domain/enrolment-code.ts'
import { readCursor, writeCursor } from '../../functions/http/cursor.ts'
import type { KeyRow } from '../../functions/stores/keys.ts'
import { makeSecrets } from '../../infra/build/secrets.ts'
import { propertyRuns } from '../support/property.ts'

const secrets = makeSecrets()

const now = Date.UTC(2026, 10, 24)
const rowOf = (secret: string, more: Partial<KeyRow> = {}): KeyRow => ({
  site: 'office',
  kind: 'key',
  name: 'test',
  hash: hashSecret(secret, secrets.pepper),
  older: [],
  scopes: ['cdrs:read', 'no-such-scope'],
  createdAt: 0,
  createdBy: 'admin',
  ...more,
})
const finder = (prefix: string, row: KeyRow) => ({
  find: async (asked: string) => (asked === prefix ? row : undefined),
  touch: async () => undefined,
})
const identify = (text: string, keys: KeyFinder) => identifyKey(`Bearer ${text}`, secrets, keys, now)

test('finds a key by its prefix and accepts only its secret', async () => {
  const key = makeApiKey()
  const keys = finder(key.prefix, rowOf(key.secret))
  expect(await identify(key.text, keys)).toEqual({
    kind: 'key',
    site: 'office',
    keyId: key.prefix,
    scopes: new Set(['cdrs:read']),
  })
  const other = makeApiKey()
  const swapped = `shk_${key.prefix}_${other.secret}`
  const board = key.text.replace('shk_', 'shb_')
  for (const wrong of [other.text, swapped, board, key.text.slice(0, -1), `${key.text}x`, 'x', '']) {
    expect(await identify(wrong, keys)).toEqual({ kind: 'unknown' })
  }
  for (const header of [undefined, key.text, `Bearer${key.text}`, `Basic ${key.text}`]) {
    expect(await identifyKey(header, secrets, keys, now)).toEqual({ kind: 'unknown' })
  }
})

test('identifies altered, too long, truncated and foreign keys as unknown callers', async () => {
  const key = makeApiKey()
  const keys = finder(key.prefix, rowOf(key.secret))
  const elsewhere = { ...secrets, pepper: makeSecrets().pepper }
  expect(await identifyKey(`Bearer ${key.text}`, elsewhere, keys, now)).toEqual({ kind: 'unknown' })
  const lookAlikes = [key.text.replace('s', 'ѕ'), key.text.replace('_', '＿'), `${key.text}\u200b`, key.text.repeat(40)]
  for (const wrong of lookAlikes) expect(await identify(wrong, keys)).toEqual({ kind: 'unknown' })
  for (let n = 0; n < key.text.length; n++) {
    expect(await identify(key.text.slice(0, n), keys)).toEqual({ kind: 'unknown' })
    expect(await identify(`${key.text.slice(0, n)}~${key.text.slice(n + 1)}`, keys)).toEqual({ kind: 'unknown' })
  }
})

test('accepts a key until it expires or is revoked, and returns when it expires', async () => {
  const key = makeApiKey()
  const asked = (more: Partial<KeyRow>) => identify(key.text, finder(key.prefix, rowOf(key.secret, more)))
  expect(await asked({ expiresAt: now + 1 })).toMatchObject({ kind: 'key', until: now + 1 })
  expect(await asked({ expiresAt: now })).toEqual({ kind: 'unknown' })
  expect(await asked({ revokedAt: now - 1 })).toEqual({ kind: 'unknown' })
  expect(await asked({ kind: 'board' })).toEqual({ kind: 'unknown' })
})

test('a replaced secret is accepted until its overlap ends, or until its key expires if that is sooner', async () => {
  const [old, next] = [makeApiKey(), makeApiKey()]
  const hash = hashSecret(old.secret, secrets.pepper)
  const asked = (until: number, more: Partial<KeyRow> = {}) =>
    identify(old.text, finder(old.prefix, rowOf(next.secret, { older: [{ hash, until }], ...more })))
  expect(await asked(now + 5)).toMatchObject({ kind: 'key', until: now + 5 })
  expect(await asked(now + 5, { expiresAt: now + 3 })).toMatchObject({ kind: 'key', until: now + 3 })
  expect(await asked(now)).toEqual({ kind: 'unknown' })
})

test('parseCaller returns the caller that callerContext wrote for API Gateway', () => {
  const caller = { kind: 'key', site: 'office', keyId: 'k', scopes: new Set(['cdrs:read'] as const) } as const
  expect(parseCaller(callerContext(caller))).toEqual(caller)
  const bounded = { ...caller, until: now, requestsMax: 7 }
  expect(parseCaller(callerContext(bounded))).toEqual(bounded)
})

test('accepts only the deployment’s own admin key', async () => {
  const keys = { find: async () => undefined, touch: async () => undefined }
  expect(await identify(secrets.adminKey, keys)).toEqual({ kind: 'admin' })
  expect(await identify(makeSecrets().adminKey, keys)).toEqual({ kind: 'unknown' })
})

test('parses site and bridge of an enrolment code, and refuses other texts', () => {
  const code = makeEnrolmentCode('lyon-1')
  expect(parseEnrolmentCode(code.text)).toEqual(code)
  fc.assert(fc.property(fc.string(), (text) => parseEnrolmentCode(text) === undefined))
})

test('identifies a request without an authorizer’s context as an unknown caller', () => {
  for (const context of [undefined, null, {}, { kind: 'key' }, { kind: 'root' }, 'admin']) {
    expect(parseCaller(context)).toEqual({ kind: 'unknown' })
  }
})

test('parses kind, prefix and secret of a key, and refuses other texts', () => {
  const key = makeApiKey()
  expect(parseApiKey(key.text)).toEqual({ kind: 'key', prefix: key.prefix, secret: key.secret })
  fc.assert(fc.property(fc.string(), (text) => parseApiKey(text) === undefined))
})

test('sameText returns true only for identical texts', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => sameText(a, b) === (a === b)))
})

test('accepts a cursor only if it is unchanged, of the same list and of the same site', () => {
  const Position = v.record(v.string(), v.string())
  const position = { site: 'office', from: '2026-11-01T00:00:00Z', to: '2026-11-24T00:00:00Z', after: 'row' }
  const cursor = writeCursor('cdrs', 'office', position, secrets.cursorKey)
  expect(readCursor('cdrs', 'office', Position, cursor, secrets.cursorKey)).toEqual(position)
  expect(() => readCursor('cdrs', 'other', Position, cursor, secrets.cursorKey)).toThrow('Start without a cursor')
  expect(() => readCursor('calls', 'office', Position, cursor, secrets.cursorKey)).toThrow('Start without a cursor')
  expect(() => readCursor('cdrs', 'office', Position, cursor, makeSecrets().cursorKey)).toThrow(
    'Start without a cursor',
  )
  fc.assert(
    fc.property(fc.nat(cursor.length - 1), fc.constantFrom('', 'A', '_', '.', '=='), (at, put) => {
      const mutated = cursor.slice(0, at) + put + cursor.slice(at + 1)
      if (mutated === cursor) return
      expect(() => readCursor('cdrs', 'office', Position, mutated, secrets.cursorKey)).toThrow('Start without a cursor')
    }),
    { numRuns: propertyRuns(300) },
  )
})
