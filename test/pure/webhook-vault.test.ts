import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { withoutSecrets } from '../../functions/domain/webhooks/redact.ts'
import { type DataKeys, isSealedByNewest, open, SealError, seal } from '../../functions/domain/webhooks/vault.ts'
import { rotateSecret } from '../../functions/http/webhooks/change-webhook.ts'
import { makeWebhook } from '../../functions/http/webhooks/make-webhook.ts'
import { keys as tableKeys } from '../../functions/stores/table-keys.ts'
import { type WebhookRow, WebhookStore } from '../../functions/stores/webhooks.ts'
import { makeDataKeys } from '../../infra/build/secrets.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { testDataKeys } from '../support/data-keys.ts'
import { reader, WebhookWorld } from '../support/webhook-world.ts'

const site = 'office'
const lines: string[] = []
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockImplementation((line) => Boolean(lines.push(String(line)))))
afterAll(() => void vi.restoreAllMocks())

const key = (id: string, byte: number) => ({ id, key: Buffer.alloc(32, byte) })
const [first, second] = [key('k1', 1), key('k2', 2)]

test('opens what was sealed, for the same owner and with the same key only, and no two sealed texts are alike', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.string(), { maxLength: 3 }), (text, owner) => {
      const sealed = seal(text, owner, [first])
      expect(open(sealed, owner, [second, first])).toBe(text)
      expect(seal(text, owner, [first])).not.toBe(sealed)
      expect(() => open(sealed, [...owner, ''], [first])).toThrow(SealError)
      expect(() => open(sealed, owner, [second])).toThrow(SealError)
      expect(() => open(sealed, owner, [key('k1', 9)])).toThrow(SealError)
    }),
    { numRuns: 50 },
  )
})

test('refuses a sealed text of which any byte was changed, cut or added', () => {
  const sealed = seal('secret', ['a'], [first])
  const [version = '', id = '', content = ''] = sealed.split('.')
  const bytes = Buffer.from(content, 'base64url')
  const texts = [...bytes.keys()].map((at) => {
    const copy = Buffer.from(bytes)
    copy[at] = (copy[at] ?? 0) ^ 1
    return copy
  })
  const changed = [...texts, bytes.subarray(1), bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(1)])]
  const wrong = changed.map((one) => [version, id, one.toString('base64url')].join('.'))
  const forms = ['', 'v1', 'v1.k1', 'v1.k1.', 'v1.k1.AAAA', `v2.${id}.${content}`, `${sealed}.x`, 'v1.k2.x']
  for (const text of [...wrong, ...forms, sealed.replace('.k1.', '.k2.')])
    expect(() => open(text, ['a'], [first, key('k2', 1)]), text).toThrow(SealError)
})

const row: WebhookRow = {
  id: 'wh_1',
  key: 'k',
  url: 'https://hooks.slack.com/services/T0/B0/canary-url',
  types: ['*'],
  format: 'slack',
  perSecond: 1,
  contentType: 'application/json',
  headers: { authorization: 'Bearer canary-header' },
  secret: 'whsec_Y2FuYXJ5LXNlY3JldC1vZi0yNC1ieXRlcw==',
  signingKey: 'whsk_canary',
  older: { secret: 'whsec_Y2FuYXJ5LW9sZA==', until: 1 },
  enabled: true,
  createdAt: 1,
  tag: 't1',
  request: 'canary-hash',
}
function stored(keys: DataKeys) {
  const table = new MemoryTable()
  const db = documentClientOver(async (command) => table.carryOut(command))
  const put = (item: Record<string, unknown>) => new WebhookWorld({ receiver: never, table }).putRow(item)
  return { table, put, of: (own = keys) => new WebhookStore(db, 't', async () => own) }
}
const never = async () => ({ error: 'nobody', ms: 0 })
const dump = (table: MemoryTable) => JSON.stringify(table.items())

test('a plain row of an earlier version works, and is encrypted by the first read that can', async () => {
  const { table, put, of } = stored([first])
  put({ ...tableKeys.webhook(site, 'wh_1'), ...row })
  expect(dump(table)).toContain('canary')
  expect(await of().find(site, 'wh_1')).toMatchObject(row)
  expect(dump(table)).not.toMatch(/canary|Y2FuYXJ5|hooks\.slack/)
  expect(await of().find(site, 'wh_1')).toMatchObject(row)
  expect(await of().list(site)).toHaveLength(1)
})

test('after a rotation of the data keys a row opens with the older one and is sealed with the newest at its next read', async () => {
  const { table, of } = stored([first])
  await of().create(site, row)
  expect(await of([second, first]).find(site, 'wh_1')).toMatchObject(row)
  expect(table.items().every(({ sealed }) => isSealedByNewest(sealed, [second]))).toBe(true)
  expect(await of([second]).find(site, 'wh_1')).toMatchObject(row)
  await expect(of([first]).find(site, 'wh_1')).rejects.toThrow(SealError)
  expect(await of([first]).list(site)).toEqual([])
})

test('a sealed text that is moved to another webhook or site does not open there, and stops no other row', async () => {
  const { table, put, of } = stored([first])
  await of().create(site, row)
  await of().create(site, { ...row, id: 'wh_2' })
  const [one] = table.items()
  put({ ...one, ...tableKeys.webhook(site, 'wh_3'), id: 'wh_3', url: 'https://evil.example.org/' })
  put({ ...one, ...tableKeys.webhook('home', 'wh_1') })
  await expect(of().find(site, 'wh_3')).rejects.toThrow(SealError)
  await expect(of().find('home', 'wh_1')).rejects.toThrow(SealError)
  expect((await of().list(site)).map(({ id }) => id)).toEqual(['wh_1', 'wh_2'])
})

test('a plain field beside the sealed text does not replace what is sealed', async () => {
  const { table, put, of } = stored([first])
  await of().create(site, row)
  put({ ...table.items()[0], url: 'https://evil.example.org/', signingKey: undefined })
  expect(await of().find(site, 'wh_1')).toMatchObject(row)
})

/** Method: secrets that are found again are put into every place of a webhook, to a receiver that echoes its whole request. */
test('a dump of the table and the log has no secret of a receiver, after creating, rotating, delivering and failing', async () => {
  lines.length = 0
  const world = new WebhookWorld({
    receiver: async (request) => ({
      status: 500,
      ms: 1,
      answer: JSON.stringify({ ...request, url: request.url.href }),
    }),
  })
  const api = world.ofApi()
  const by = { ...api, caller: { ...reader, keyId: 'k', scopes: new Set(reader.scopes) } as never }
  const mark = { set: async () => undefined }
  const rules = { ownHosts: [], allowsLocal: false }
  const headers = { authorization: 'Bearer canary-header', 'x-token': 'canary "token" \\ 2' }
  const secret = `whsec_${Buffer.from('canary-secret-of-24-bytes').toString('base64')}`
  const slack = 'https://hooks.slack.com/services/T0/B0/canary-url?sig=canary-query'
  const made = [
    await makeWebhook(
      site,
      { url: 'https://a.example.org/hook?token=canary-token', types: ['*'], headers, secret, asymmetric: true },
      undefined,
      { ...by, mark, rules },
    ),
    await makeWebhook(site, { url: slack, types: ['*'], format: 'slack', headers }, undefined, { ...by, mark, rules }),
  ]
  const rotated = await rotateSecret(site, made[0]?.id ?? '', { ...by, rules })
  const since = new Date(world.clock.now).toISOString()
  await world.publish({ site, pbx: { state: 'down', since } })
  await world.run(3_600_000)
  expect(world.received.length).toBeGreaterThan(4)
  const all = dump(world.table) + lines.join('')
  const secrets = [...made, rotated].map((one) => one.secret.replace('whsec_', ''))
  expect(all).not.toMatch(/canary|hooks\.slack\.com\/services/)
  expect(secrets.filter((one) => all.includes(one))).toEqual([])
  expect(all).not.toContain('whsk_')
  // The receiver's answers are stored, without what they echo.
  expect(all).toContain('[secret]')
})

test('an echoed header, secret or chat address is removed from a text, escaped or not; the rest of it stays', () => {
  const text = `got ${row.headers?.['authorization']}, canary-header; ${row.secret} at ${row.url}, 1`
  expect(withoutSecrets(text, { ...row, headers: { ...row.headers, 'x-one': '1' } })).toBe(
    'got [secret], [secret]; [secret] at [secret], 1',
  )
})

test('new data keys come before the older ones, each with an id of its own', async () => {
  const older = makeDataKeys()
  const both = makeDataKeys(older)
  expect(both.keys.slice(1)).toEqual(older.keys)
  expect(new Set(both.keys.map(({ id }) => id)).size).toBe(2)
  expect(both.keys.map((one) => Buffer.from(one.key, 'base64').length)).toEqual([32, 32])
  expect((await testDataKeys()).length).toBe(1)
})
