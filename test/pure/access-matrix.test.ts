import { expect, test } from 'vitest'
import { Topic } from '../../contracts/frames.ts'
import { definitionOf, type Route, routeNames } from '../../contracts/routes.ts'
import { allScopes, isScope, type Scope } from '../../contracts/scopes.ts'
import { identifyKey, identifyTicket } from '../../functions/authorize/identify.ts'
import { type Caller, callerContext, parseCaller } from '../../functions/caller.ts'
import { hashSecret, makeApiKey, sha256 } from '../../functions/domain/api-key.ts'
import { authorizeAndParse, callerOf } from '../../functions/http/authorize.ts'
import type { HttpEvent } from '../../functions/http/input.ts'
import { HttpProblemError } from '../../functions/http/problem.ts'
import type { KeyRow } from '../../functions/stores/keys.ts'
import type { TicketRow } from '../../functions/stores/tickets.ts'
import { answer } from '../../functions/websocket/message/answer.ts'
import { makeSecrets } from '../../infra/build/secrets.ts'

/**
 * Goal: each route and frame opens only to a key in a good state, of the right site, with the right scope. Method: the header of a key
 * goes through the authorizer, API Gateway's context and the check of the route, all of them pure; every cell comes from the registry.
 * test/packaged/access-table.test.ts makes a part of the requests over HTTP.
 */
const secrets = makeSecrets()
const now = Date.UTC(2026, 10, 24)
const later = now + 60_000
const hashed = (secret: string) => hashSecret(secret, secrets.pepper)

interface KeyState {
  name: string
  opens: boolean
  row?: Partial<KeyRow>
  /** The text that is shown, if it is not that of the stored secret. */
  shows?: (text: string) => string
  /** Present if the shown secret was rotated out, and until when it is accepted. */
  rotatedUntil?: number
}
const states: KeyState[] = [
  { name: 'active', opens: true },
  // A freeze stops calls, which `call-guards.test.ts` checks; every route stays open to the key.
  { name: 'frozen', opens: true },
  { name: 'not yet expired', opens: true, row: { expiresAt: later } },
  { name: 'rotated, old secret within the overlap', opens: true, rotatedUntil: later },
  { name: 'rotated, old secret after the overlap', opens: false, rotatedUntil: now },
  {
    name: 'rotated, old secret within the overlap, key expired',
    opens: false,
    row: { expiresAt: now },
    rotatedUntil: later,
  },
  { name: 'revoked', opens: false, row: { revokedAt: now - 1 } },
  { name: 'expired', opens: false, row: { expiresAt: now } },
  { name: 'revoked and rotated', opens: false, row: { revokedAt: now - 1 }, rotatedUntil: later },
  { name: 'a board token', opens: false, row: { kind: 'board' }, shows: (text) => text.replace('shk_', 'shb_') },
  { name: 'a wrong secret', opens: false, shows: (text) => makeApiKey('key', text.split('_')[1]).text },
  { name: 'an unknown prefix', opens: false, shows: () => makeApiKey().text },
]

/** Returns the row of a key and the text that its holder shows. */
function keyIn(state: KeyState, site: string, scopes: readonly string[]) {
  const key = makeApiKey()
  const stored = state.rotatedUntil === undefined ? key.secret : makeApiKey().secret
  const older = state.rotatedUntil === undefined ? [] : [{ hash: hashed(key.secret), until: state.rotatedUntil }]
  const named = { site, kind: 'key' as const, name: state.name, createdAt: 0, createdBy: 'admin' }
  const row: KeyRow = { ...named, hash: hashed(stored), older, scopes: [...scopes], ...state.row }
  return { prefix: key.prefix, row, shown: state.shows?.(key.text) ?? key.text }
}

async function callerIn(state: KeyState, site: string, scopes: readonly Scope[]): Promise<Caller> {
  const { prefix, row, shown } = keyIn(state, site, scopes)
  const keys = { find: async (asked: string) => (asked === prefix ? row : undefined), touch: async () => undefined }
  const caller = await identifyKey(`Bearer ${shown}`, secrets, keys, now)
  // What API Gateway passes on is a flat map of texts.
  return parseCaller(JSON.parse(JSON.stringify(callerContext(caller))))
}

function outcome(route: Route, caller: Caller, at = now): string {
  const definition = definitionOf(route)
  const event = {
    routeKey: route,
    headers: {},
    pathParameters: { site: 'own' },
    requestContext: { authorizer: { lambda: callerContext(caller) } },
  } as unknown as HttpEvent
  try {
    authorizeAndParse(route, definition, callerOf(definition, event, at), event, at)
    return 'open'
  } catch (error) {
    if (!(error instanceof HttpProblemError)) throw error
    return error.status === 400 ? 'open' : error.errorId
  }
}

function wanted(route: Route, state: KeyState, site: string, holds: boolean): string {
  const { needs } = definitionOf(route)
  if (needs === 'anyone') return 'open'
  if (!state.opens) return 'key-invalid'
  if (needs === 'admin') return 'admin-only'
  if (site !== 'own') return 'site-unknown'
  return holds ? 'open' : 'scope-missing'
}

test('answers every cell of route, scope, site and state of the key as the registry declares', async () => {
  const cells: object[] = []
  const wrong: object[] = []
  for (const state of states) {
    for (const site of ['own', 'other']) {
      const callers = new Map<string, Caller>()
      const callerWith = async (name: string, scopes: readonly Scope[]) => {
        const caller = callers.get(name) ?? (await callerIn(state, site, scopes))
        callers.set(name, caller)
        return caller
      }
      for (const route of routeNames) {
        const { needs } = definitionOf(route)
        const scope = isScope(needs) ? needs : undefined
        const with_ = await callerWith(`only ${scope}`, scope ? [scope] : allScopes)
        const without = await callerWith(`not ${scope}`, scope ? allScopes.filter((one) => one !== scope) : [])
        for (const [holds, caller] of [
          [true, with_],
          [false, without],
        ] as const) {
          const cell = { route, site, state: state.name, holds, is: outcome(route, caller) }
          cells.push(cell)
          if (cell.is !== wanted(route, state, site, holds)) wrong.push(cell)
        }
      }
    }
  }
  expect(wrong).toEqual([])
  expect(cells.length).toBe(routeNames.length * states.length * 2 * 2)
  expect(cells.length).toBeGreaterThanOrEqual(600)
})

test('a key that ends within the minute of the authorizer’s cache is refused on every route from its end on', async () => {
  for (const state of states.filter(({ row, rotatedUntil }) => row?.expiresAt === later || rotatedUntil === later)) {
    const caller = await callerIn(state, 'own', allScopes)
    for (const route of routeNames.filter((one) => definitionOf(one).needs !== 'anyone')) {
      expect(outcome(route, caller, later), `${state.name} ${route}`).toBe('key-invalid')
    }
  }
})

const connectionIs = (opens: boolean) => (opens ? 'key' : 'unknown')

test('a ticket opens a socket once, within its minute, and only while its key is valid', async () => {
  const keyStates = states.filter(({ shows }) => shows === undefined)
  for (const state of keyStates) {
    const { prefix, row } = keyIn(state, 'own', allScopes)
    const isValid = row.revokedAt === undefined && (row.expiresAt ?? later) > now
    for (const scope of allScopes) {
      const tickets = new Map<string, TicketRow>()
      const taken = { site: 'own', keyId: prefix, scopes: [scope], expiresAt: later }
      tickets.set(sha256('ticket'), taken)
      const redeemer = {
        redeem: async (hash: string) => {
          const found = tickets.get(hash)
          tickets.delete(hash)
          return found
        },
      }
      const keys = { find: async (asked: string) => (asked === prefix ? row : undefined) }
      const first = await identifyTicket('ticket', redeemer, keys, now)
      expect(first.kind, `${state.name} ${scope}`).toBe(connectionIs(isValid))
      if (first.kind === 'key') expect([[...first.scopes], first.until]).toEqual([[scope], row.expiresAt])
      expect((await identifyTicket('ticket', redeemer, keys, now)).kind).toBe('unknown')
    }
  }
})

test('a frame subscribes to a topic only with presence:read, and reads and names no other site', async () => {
  const cells: object[] = []
  for (const topic of Topic.options) {
    for (const scopes of [[], ...allScopes.map((scope) => [scope]), allScopes] as Scope[][]) {
      for (const action of ['subscribe', 'resume'] as const) {
        const read = new Set<string>()
        const note = <T>(site: string, value: T): T => {
          read.add(site)
          return value
        }
        const dependencies = {
          connections: { subscribe: async (_id: string, { site }: { site: string }) => note(site, undefined) },
          presence: { rows: async (site: string) => note(site, []) },
          bridgeStatus: async (site: string) => note(site, {}),
          epoch: async (site: string) => note(site, 1),
          now,
        }
        // A client that names another site in its frame gets its own.
        const frame = JSON.stringify({ action, topics: [topic], epoch: 1, w: now, site: 'other' })
        const types: string[] = []
        const connection = { site: 'own', keyId: 'k', scopes }
        for await (const one of answer('c', connection, frame, dependencies)) types.push(one.type)
        const opens = scopes.includes('presence:read')
        cells.push({ topic, scopes, action })
        expect(types.includes('error'), `${action} ${topic} ${scopes}`).toBe(!opens)
        expect([...read]).toEqual(opens ? ['own'] : [])
      }
    }
  }
  expect(cells.length).toBe(Topic.options.length * (allScopes.length + 2) * 2)
})
