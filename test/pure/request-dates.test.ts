import { generateKeyPairSync } from 'node:crypto'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { Cdr } from '../../contracts/cdr.ts'
import { SearchQuery } from '../../contracts/routes/cdrs.ts'
import { ReplayRequest } from '../../contracts/webhook.ts'
import { listAudit } from '../../functions/http/audit/list-audit.ts'
import { listCdrs } from '../../functions/http/cdrs/list-cdrs.ts'
import { requestExport } from '../../functions/http/exports/request-export.ts'
import { importCdrs } from '../../functions/http/imports/import-cdrs.ts'
import { HttpProblemError } from '../../functions/http/problem.ts'
import { getStats } from '../../functions/http/stats/get-stats.ts'
import {
  findVerification,
  listVerifications,
  requestVerification,
} from '../../functions/http/verifications/request-verification.ts'
import { receiveDigest } from '../../functions/queues/persist-records/receive-digest.ts'
import { makeCdr } from '../support/cdrs.ts'

/**
 * Goal: no date in a request makes a function work without end. Method: each use case gets dates at and beyond the bounds, from
 * stores that count their queries.
 */
const now = Date.UTC(2026, 10, 30, 22, 30)
const cursorKey = 'k'.repeat(32)
const numbering = { country: 'FR' } as const
let queries = 0
const nothing = async () => {
  queries += 1
  return { rows: [], more: false, bytes: 0 }
}
const log = { byTime: nothing, byParty: nothing, byPrefix: nothing }

const days = { start: async () => undefined, find: async () => undefined }
const verifying = {
  days,
  commands: { send: async () => undefined },
  signingKey: generateKeyPairSync('ed25519').privateKey,
  now,
}
const site = { sk: 'office', zone: 'Europe/Paris', commandQueue: { number: 1, url: 'https://queue' } }
const totals = {
  hours: async () => (await nothing()).rows,
  lineHours: async () => (await nothing()).rows,
}

type Period = { from?: string; to?: string }
const useCases: Record<string, (period: Period) => Promise<unknown>> = {
  cdrs: (period) =>
    listCdrs('office', v.parse(SearchQuery, period), { log, cursorKey, numbering, now: () => now } as never),
  exports: (period) =>
    requestExport('office', v.parse(SearchQuery, period) as never, {
      caller: { scopes: new Set() } as never,
      now,
      numbering,
      jobs: { countRunning: async () => 0, create: async () => undefined, get: async () => undefined },
    }),
  audit: (period) => listAudit('office', period, { audit: { month: nothing }, cursorKey, now }),
  stats: ({ from = '2026-11-01', to = '2026-11-02' }) =>
    getStats('office', { from, to, by: 'day' }, { totals, zone: 'Europe/Paris', now }),
  verify: ({ from, to }) =>
    requestVerification(site, { day: (from ?? to ?? '').slice(0, 10), repair: false }, verifying),
  verifications: ({ from = '2026-11-01', to = '2026-11-02' }) => {
    const listing = { days: { list: async () => (await nothing()).rows }, now }
    return listVerifications('office', { from: from.slice(0, 10), to: to.slice(0, 10) }, listing)
  },
  verification: ({ from, to }) => findVerification('office', (from ?? to ?? '').slice(0, 10), { days, now }),
}

const impossible: Period[] = [
  ...['0000-01-01', '0001-01-01', '1582-10-15', '1900-01-01', '1989-12-31', '2026-12-03', '2100-01-01', '9999-12-31'],
  ...['2026-02-30', '2026-13-01', '2026-00-10'],
].flatMap((day) => [{ to: `${day}T00:00:00Z` }, { from: `${day}T00:00:00Z` }])

describe.each(Object.entries(useCases))('%s', (name, use) => {
  test.each(impossible)('refuses the period %j with 400 and says which date is wrong', async (period) => {
    queries = 0
    const error = await use(period).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(HttpProblemError)
    expect(error).toMatchObject({ status: 400, errorId: 'input-invalid' })
    expect(String(error)).toMatch(/1990-01-01|tomorrow, 2026-12-01|Not a date that exists|at most \d+ days/)
    expect(queries).toBe(0)
  })

  test('accepts tomorrow and the year 1990', async () => {
    queries = 0
    for (const period of [
      { from: '2026-12-01T00:00:00Z', to: '2026-12-01T23:59:59Z' },
      { from: '1990-01-01T00:00:00Z', to: '1990-02-01T00:00:00Z' },
    ]) {
      const error = await use(period).catch((reason: unknown) => reason)
      if (error instanceof Error) expect(error).toMatchObject({ errorId: 'day-not-verified' })
    }
    expect(queries, name).toBeLessThan(10)
  })
})

test('an import of rows of 1970 and of this year searches only the months near each row', async () => {
  queries = 0
  const old = { start: '1970-01-02T00:00:00+0000', answer: '', end: '' }
  const rows = [makeCdr(1), makeCdr(2, old), makeCdr(3, { start: '9998-01-01T00:00:00+0000', answer: '', end: '' })]
  const marked: string[] = []
  const cdrs = { put: async () => 'stored' as const }
  const hours = { mark: async (_: string, hour: string) => void marked.push(hour) }
  const given = [...rows, makeCdr(4, { ...old, start: '0000-01-01T00:00:00+0100' })]
  const result = await importCdrs(
    'office',
    given.map((cdr) => ({ cdr, keyed: true })),
    { cdrs, log, hours, numbering, now },
  )
  expect(result).toMatchObject({ stored: 3, refused: [{ row: 3, reason: 'start' }] })
  expect(queries).toBeLessThan(10)
})

test('ignores a digest whose day is longer than a day, since comparing it would read the whole call log', async () => {
  let compared = 0
  const digest = { run: 'r', day: '2026-11-23', part: 0, parts: 1, count: 0, checksum: '', prints: [] }
  const store = {
    find: async () => ({ day: digest.day, run: 'r', state: 'asked' as const, askedAt: '', repair: false }),
    putPart: async () => undefined,
    parts: async () => [{ ...digest, from: '', to: '' }],
    stored: async () => {
      compared += 1
      return []
    },
    finish: async () => true,
  }
  for (const [from, to] of [
    ['0000-01-01T00:00:00Z', '9999-12-31T00:00:00Z'],
    ['x', 'y'],
  ] as const)
    await receiveDigest('office', { ...digest, from, to }, { days: store, now: () => now })
  expect(compared).toBe(0)
})

test.each(['9758-48-88T96:27:13.051Z', '2026-02-30T00:00:00Z', '2026-11-23T24:00:00Z', '2026-11-23T23:59:60Z'])(
  'refuses %s, which does not exist, in a body and in a call record',
  (text) => {
    const replay = v.safeParse(ReplayRequest, { from: text })
    expect(replay.issues?.[0].message).toBe('Not a time that exists. Example: 2026-11-23T19:03:14Z.')
    const start = `${text.slice(0, 19)}+0100`
    expect(v.safeParse(Cdr, makeCdr(1, { start })).issues?.[0].message).toMatch(/^Not a time that exists/)
  },
)
