import fc from 'fast-check'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import type { KeyCallRules } from '../../contracts/key.ts'
import { definitionOf, type Route, routeNames } from '../../contracts/routes.ts'
import { allScopes, roles, type Scope } from '../../contracts/scopes.ts'
import { SiteSettings } from '../../contracts/site.ts'
import { identifyTicket } from '../../functions/authorize/identify.ts'
import { sha256 } from '../../functions/domain/api-key.ts'
import { inheritLimits, type KeyLimits, widerLimits } from '../../functions/domain/key-rights.ts'
import { readGiver } from '../../functions/http/keys/giver.ts'
import { unfreezeKey } from '../../functions/http/keys/key-info.ts'
import { makeBoard, makeKey } from '../../functions/http/keys/make-key.ts'
import { revokeKey } from '../../functions/http/keys/revoke-key.ts'
import { rotateKey } from '../../functions/http/keys/rotate-key.ts'
import { takeCallQuota } from '../../functions/http/placed-calls/call-quota.ts'
import { changeSite } from '../../functions/http/sites/change-site.ts'
import { issueTicket } from '../../functions/http/tickets/issue-ticket.ts'
import type { TicketRow } from '../../functions/stores/tickets.ts'
import { MemoryKeys, now, prefixOf, site } from '../support/memory-keys.ts'
import { propertyRuns } from '../support/property.ts'

/**
 * Goal: what a key gives is never more than it has. Method: the use cases of every route that gives a right, over rows in memory; the
 * list of those routes comes from the registry.
 */
const dayMs = 86_400_000

const refused = (errorId: string) => expect.objectContaining({ errorId })

/** Routes whose answer is a secret, a ticket or a code, and the one that lifts a freeze: all that gives a right. */
const giving: Partial<Record<Route, string>> = {
  'POST /v1/sites': 'only for the administrator',
  'POST /v1/sites/{site}/keys': 'makeKey',
  'POST /v1/sites/{site}/boards': 'makeBoard',
  'POST /v1/sites/{site}/keys/{key}/rotate': 'rotateKey',
  'DELETE /v1/sites/{site}/keys/{key}/freeze': 'unfreezeKey',
  'POST /v1/sites/{site}/tickets': 'issueTicket',
  'POST /v1/boards/tickets': 'issueTicket, for a board',
  'POST /v1/sites/{site}/bridges': 'the code of a bridge, which is no key of the API',
  'POST /v1/bridge/enrolments': 'the code that the request shows',
  'POST /v1/sites/{site}/webhooks': 'the secret of a webhook, which signs and opens nothing',
  'POST /v1/sites/{site}/webhooks/{webhook}/secret/rotate': 'the same',
  'POST /v1/sites/{site}/listeners': 'the secret of a listener, likewise',
  'POST /v1/bridge/credentials': 'the session of the bridge that signs',
}

test('the registry has no other route that gives a right than those tested here', () => {
  const secretNames = /"(secret|apiKey|ticket|code|accessKeyId|secretAccessKey|sessionToken)":|"queues":{/
  const found = routeNames.filter((route) => {
    const { answer = {} } = definitionOf(route).example
    return secretNames.test(JSON.stringify(answer)) || route.endsWith('/freeze')
  })
  expect(found.sort()).toEqual(Object.keys(giving).sort())
})

test('keys:manage alone makes no board and no key with another scope, and rotates none that has one', async () => {
  const keys = new MemoryKeys()
  const manager = keys.add(['keys:manage'])
  const viewer = keys.add(roles.viewer)
  const by = await keys.giverDependencies(manager)
  await expect(makeBoard({ name: 'hall' }, by)).rejects.toEqual(refused('scope-not-held'))
  for (const scope of allScopes.filter((one) => one !== 'keys:manage')) {
    await expect(makeKey({ name: 'x', scopes: [scope] }, by)).rejects.toEqual(refused('scope-not-held'))
  }
  await expect(rotateKey(prefixOf(viewer), { overlapSeconds: 0 }, by)).rejects.toEqual(refused('scope-not-held'))
  expect(await makeKey({ name: 'x', scopes: ['keys:manage'] }, by)).toMatchObject({ scopes: ['keys:manage'] })
})

test('a key with an end makes keys and boards that end no later, and rotates none that does', async () => {
  const keys = new MemoryKeys()
  const oneDay = keys.add(allScopes, { expiresAt: now + dayMs })
  const forEver = keys.add(roles.viewer)
  const by = await keys.giverDependencies(oneDay)
  const expiresAt = new Date(now + dayMs).toISOString()
  expect(await makeKey({ name: 'x', role: 'viewer' }, by)).toMatchObject({ expiresAt })
  expect(await makeBoard({ name: 'x' }, by)).toMatchObject({ expiresAt })
  await expect(makeKey({ name: 'x', role: 'viewer', expiresInDays: 2 }, by)).rejects.toEqual(refused('right-not-held'))
  await expect(makeBoard({ name: 'x', expiresInDays: 2 }, by)).rejects.toEqual(refused('right-not-held'))
  await expect(rotateKey(prefixOf(forEver), { overlapSeconds: 60 }, by)).rejects.toEqual(refused('right-not-held'))
})

test('a secret that was rotated out makes nothing that lasts longer than itself, but rotates its own key', async () => {
  const keys = new MemoryKeys()
  const old = keys.add(allScopes)
  await rotateKey(prefixOf(old), { overlapSeconds: 600 }, await keys.giverDependencies(old))
  const by = await keys.giverDependencies(old)
  const until = new Date(now + 600_000).toISOString()
  expect(await makeKey({ name: 'x', role: 'viewer' }, by)).toMatchObject({ expiresAt: until })
  const tickets = new Map<string, TicketRow>()
  const writer = { put: async (hash: string, row: TicketRow) => void tickets.set(hash, row) }
  const issued = await issueTicket(await keys.callerOf(old), undefined, { tickets: writer, socketUrl: 'wss://x', now })
  const redeemer = { redeem: async (hash: string) => tickets.get(hash) }
  expect(tickets.has(sha256(issued.ticket))).toBe(true)
  expect(await identifyTicket(issued.ticket, redeemer, keys, now)).toMatchObject({ until: now + 600_000 })
  await rotateKey(prefixOf(old), { overlapSeconds: 0 }, by)
})

test('a ticket and a board have no scope that their key lacks', async () => {
  const keys = new MemoryKeys()
  const viewer = await keys.callerOf(keys.add(roles.viewer))
  const tickets = { put: async () => undefined }
  for (const scope of allScopes) {
    const issue = issueTicket(viewer, [scope], { tickets, socketUrl: 'wss://x', now })
    if (viewer.scopes.has(scope)) expect((await issue).scopes).toEqual([scope])
    else await expect(issue).rejects.toEqual(refused('scope-not-held'))
  }
})

test('keys of a capped key have its caps, count against them and share its freeze', async () => {
  const keys = new MemoryKeys()
  const calls: KeyCallRules = { callsPerDay: 5, dialMobile: false, dialCountries: ['BE'] }
  const capped = keys.add(allScopes, { calls })
  const child = await makeKey({ name: 'x', role: 'admin' }, await keys.giverDependencies(capped))
  expect(keys.rowOf(child.secret)).toMatchObject({ calls, capsOf: prefixOf(capped) })
  const grandchild = await makeKey({ name: 'y', role: 'admin' }, await keys.giverDependencies(child.secret))
  expect(keys.rowOf(grandchild.secret).capsOf).toBe(prefixOf(capped))
  const wider: KeyCallRules[] = [{ callsPerDay: 6 }, { dialMobile: true }, { dialCountries: ['BE', 'LV'] }]
  for (const asked of wider) {
    const made = makeKey({ name: 'x', role: 'admin', calls: asked }, await keys.giverDependencies(capped))
    await expect(made).rejects.toEqual(refused('right-not-held'))
  }
  keys.frozen.add(prefixOf(capped))
  for (const one of [capped, child.secret, grandchild.secret]) {
    await expect(keys.giverDependencies(one)).rejects.toEqual(refused('key-frozen'))
  }
})

test('a freeze is lifted by another key, and neither by the frozen one nor by a key that it made', async () => {
  const keys = new MemoryKeys()
  const frozen = keys.add(allScopes)
  const child = await makeKey({ name: 'child', role: 'admin' }, await keys.giverDependencies(frozen))
  const other = keys.add(['keys:manage'])
  const before = await keys.giverDependencies(frozen)
  keys.frozen.add(prefixOf(frozen))
  await expect(keys.giverDependencies(frozen)).rejects.toEqual(refused('key-frozen'))
  const byChild = await keys.giverDependencies(child.secret)
  await expect(unfreezeKey(prefixOf(frozen), byChild)).rejects.toEqual(refused('right-not-held'))
  expect(keys.frozen.size).toBe(1)
  await unfreezeKey(prefixOf(frozen), await keys.giverDependencies(other))
  expect(keys.frozen.size).toBe(0)
  expect(before.giver.row?.createdBy).toBe('admin')
})

test('a freeze is not lifted by a key that the frozen one made through other keys, or may have made', async () => {
  const keys = new MemoryKeys()
  const frozen = keys.add(allScopes)
  const child = await makeKey({ name: 'child', role: 'admin' }, await keys.giverDependencies(frozen))
  const grandchild = await makeKey({ name: 'next', role: 'admin' }, await keys.giverDependencies(child.secret))
  keys.frozen.add(prefixOf(frozen))
  const by = await keys.giverDependencies(grandchild.secret)
  await expect(unfreezeKey(prefixOf(frozen), by)).rejects.toEqual(refused('right-not-held'))
  keys.rows.delete(child.key)
  await expect(unfreezeKey(prefixOf(frozen), by)).rejects.toEqual(refused('right-not-held'))
  expect(keys.frozen.size).toBe(1)
})

test('a capped key rotates itself and keys that share its caps, and no key with caps of its own', async () => {
  const keys = new MemoryKeys()
  const calls: KeyCallRules = { callsPerDay: 100 }
  const [capped, other] = [keys.add(allScopes, { calls }), keys.add(allScopes, { calls })]
  const by = await keys.giverDependencies(capped)
  const child = await makeKey({ name: 'x', role: 'admin' }, by)
  const byChild = await keys.giverDependencies(child.secret)
  for (const giver of [by, byChild]) {
    await expect(rotateKey(prefixOf(other), { overlapSeconds: 0 }, giver)).rejects.toEqual(refused('right-not-held'))
  }
  const manager = await keys.giverDependencies(keys.add(allScopes))
  expect(await rotateKey(child.key, { overlapSeconds: 0 }, by)).toMatchObject({ key: child.key })
  expect(await rotateKey(prefixOf(capped), { overlapSeconds: 0 }, by)).toMatchObject({ key: prefixOf(capped) })
  expect(await rotateKey(prefixOf(other), { overlapSeconds: 0 }, manager)).toMatchObject({ key: prefixOf(other) })
})

test('a frozen key revokes itself and no other key', async () => {
  const keys = new MemoryKeys()
  const [frozen, other] = [keys.add(allScopes), keys.add(allScopes)]
  const sockets = { ofKey: async () => [], close: async () => undefined }
  const caller = await keys.callerOf(frozen)
  const by = { caller, site, keys, freezes: keys.freezes, connections: sockets, sockets, now }
  keys.frozen.add(prefixOf(frozen))
  await expect(revokeKey(prefixOf(other), by)).rejects.toEqual(refused('key-frozen'))
  expect(keys.rowOf(other).revokedAt).toBeUndefined()
  expect(await revokeKey(prefixOf(frozen), by)).toMatchObject({ key: prefixOf(frozen), revokedAt: expect.any(String) })
})

test('a key that reaches a cap narrower than that of its maker is frozen alone, and its maker lifts the freeze', async () => {
  const keys = new MemoryKeys()
  const maker = keys.add(allScopes, { calls: { callsPerDay: 9 } })
  const narrow = { name: 'x', role: 'admin' as const, calls: { callsPerDay: 1 } }
  const child = await makeKey(narrow, await keys.giverDependencies(maker))
  const settings = { ...v.parse(SiteSettings, {}), freezeOnCap: true }
  const dependencies = {
    caps: { take: async () => ({ cap: 'day' as const, until: now + 1 }) },
    open: { add: async () => true, remove: async () => undefined, list: async () => [] },
    freezes: {
      ...keys.freezes,
      freeze: async (_site: string, keyId: string) => keys.frozen.add(keyId) && now,
      intend: async () => undefined,
      forget: async () => undefined,
    },
    placed: { find: async () => undefined },
  }
  const accountRules = { callsPerDay: 9 }
  const quota = { site, keyId: prefixOf(maker), ownKey: child.key, call: 'c', settings, accountRules, now }
  const reach = (rules: KeyCallRules) => takeCallQuota({ ...quota, rules }, dependencies)
  await expect(reach({ callsPerDay: 1 })).rejects.toEqual(refused('call-cap-day'))
  expect([...keys.frozen]).toEqual([child.key])
  await expect(reach({ callsPerDay: 1 })).rejects.toEqual(refused('key-frozen'))
  await expect(keys.giverDependencies(child.secret)).rejects.toEqual(refused('key-frozen'))
  await unfreezeKey(child.key, await keys.giverDependencies(maker))
  expect(keys.frozen.size).toBe(0)
  await expect(reach(accountRules)).rejects.toEqual(refused('call-cap-day'))
  expect([...keys.frozen]).toEqual([prefixOf(maker)])
})

test('a revoked or expired key gives nothing, although the authorizer’s answer is cached', async () => {
  for (const more of [{ revokedAt: now - 1 }, { expiresAt: now }]) {
    const keys = new MemoryKeys()
    const text = keys.add(allScopes)
    const caller = await keys.callerOf(text)
    keys.rows.set(prefixOf(text), { ...keys.rowOf(text), ...more })
    const giver = readGiver({ caller, site, keys, freezes: keys.freezes, now })
    await expect(giver).rejects.toEqual(refused('key-invalid'))
  }
})

const cap = fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined })
const flag = fc.constantFrom(undefined, true, false)
const callRules = fc.record({
  dialInternal: flag,
  dialNational: flag,
  dialMobile: flag,
  dialCountries: fc.option(fc.subarray(['BE', 'CH', 'DE', 'US']), { nil: undefined }),
  callsAtOnce: cap,
  callsPerMinute: cap,
  callsPerDay: cap,
})
const limits: fc.Arbitrary<KeyLimits> = fc.record({
  expiresAt: fc.option(fc.integer({ min: now, max: now + 9 }), { nil: undefined }),
  requestsMax: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  calls: fc.option(callRules, { nil: undefined }),
})
/** What a key with these limits may do, as single permissions to compare by. */
function permits({ expiresAt, requestsMax, calls = {} }: KeyLimits) {
  const { dialInternal = true, dialNational = true, dialMobile = true, dialCountries } = calls
  return {
    numbers: [expiresAt, requestsMax, calls.callsAtOnce, calls.callsPerMinute, calls.callsPerDay].map(
      (number) => number ?? Number.POSITIVE_INFINITY,
    ),
    flags: [dialInternal, dialNational, dialMobile],
    countries: ['BE', 'CH', 'DE', 'US'].filter((country) => dialCountries?.includes(country) ?? true),
  }
}

test('whatever a key has and is asked for, the key that it makes has no more, over a chain of three', () => {
  fc.assert(
    fc.property(limits, fc.array(limits, { minLength: 1, maxLength: 3 }), (first, requests) => {
      let held = first
      for (const wanted of requests) {
        const given = inheritLimits(held, wanted)
        if (widerLimits(held, given).length > 0) return
        const [has, gets] = [permits(held), permits(given)]
        for (const [n, number] of gets.numbers.entries()) expect(number).toBeLessThanOrEqual(has.numbers[n] ?? 0)
        for (const [n, may] of gets.flags.entries()) if (may) expect(has.flags[n]).toBe(true)
        expect(has.countries).toEqual(expect.arrayContaining(gets.countries))
        held = given
      }
    }),
    { numRuns: propertyRuns(300) },
  )
})

test('a key that is made with some rules has the others of its maker', () => {
  const held = { requestsMax: 10, calls: { callsPerDay: 5, dialMobile: false, dialCountries: ['BE'] } }
  expect(inheritLimits(held, { calls: { callsPerDay: 3, callsAtOnce: undefined } })).toEqual({
    requestsMax: 10,
    calls: { callsPerDay: 3, dialMobile: false, dialCountries: ['BE'] },
  })
  expect(inheritLimits(held, {})).toEqual(held)
  expect(inheritLimits({}, {})).toEqual({})
})

test('names each limit that is wider than the one held', () => {
  const calls = { dialInternal: false, dialNational: false, dialMobile: false, dialCountries: ['BE'], callsAtOnce: 1 }
  const held = { expiresAt: now, requestsMax: 5, calls: { ...calls, callsPerMinute: 1, callsPerDay: 1 } }
  expect(widerLimits(held, {})).toEqual([
    'expiresInDays',
    'requestsMax',
    'calls.dialInternal',
    'calls.dialNational',
    'calls.dialMobile',
    'calls.dialCountries',
    'calls.callsAtOnce',
    'calls.callsPerMinute',
    'calls.callsPerDay',
  ])
  expect(widerLimits(held, held)).toEqual([])
  expect(widerLimits({}, held)).toEqual([])
})

test('a key that sees no numbers does not have them shown on the event bus, and any other setting is not its matter', async () => {
  const row = { sk: site, name: 'Office', country: 'FR', zone: 'Europe/Paris', language: 'fr', retentionDays: 365 }
  const settings = v.parse(SiteSettings, {})
  const seen = { ...row, state: 'live' as const, claim: 'c', claimedAt: 0, queueNumber: 1, revision: 1, settings }
  const changes: boolean[] = []
  const change = (scopes: Scope[] | 'admin', eventBusPersonal: boolean, before = false) => {
    const stored = { ...seen, settings: { ...settings, eventBusPersonal: before } }
    const caller =
      scopes === 'admin'
        ? { kind: 'admin' as const }
        : { kind: 'key' as const, site, keyId: 'k', scopes: new Set(scopes) }
    const directory = {
      find: async () => stored,
      change: async (_site: string, _seen: unknown, next: { settings: SiteSettings }) =>
        changes.push(next.settings.eventBusPersonal) > 0,
    }
    return changeSite(
      site,
      { settings: { eventBusPersonal } },
      { directory, sites: { describe: async () => undefined }, caller },
    )
  }
  await expect(change(['sites:write'], true)).rejects.toEqual(refused('scope-missing'))
  await expect(change(['sites:write', 'presence:personal'], true)).rejects.toThrow('cdrs:personal')
  expect(changes).toEqual([])
  await change(['sites:write'], false)
  await change(['sites:write'], true, true)
  await change(['sites:write', 'presence:personal', 'cdrs:personal'], true)
  await change('admin', true)
  expect(changes).toEqual([false, true, true, true])
})
