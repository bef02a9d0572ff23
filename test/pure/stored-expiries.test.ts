import { readdirSync, readFileSync } from 'node:fs'
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import { BridgeStore } from '../../functions/stores/bridges.ts'
import { CallCaps } from '../../functions/stores/call-caps.ts'
import { CallOrderStore } from '../../functions/stores/call-order.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { ConnectionStore } from '../../functions/stores/connections.ts'
import { ExportJobStore } from '../../functions/stores/export-jobs.ts'
import { KeyStore } from '../../functions/stores/keys.ts'
import { RequestLimits } from '../../functions/stores/limits.ts'
import { LookupTries } from '../../functions/stores/lookup-tries.ts'
import { PlacedCallStore } from '../../functions/stores/placed-calls.ts'
import { PresenceStore } from '../../functions/stores/presence.ts'
import { TicketStore } from '../../functions/stores/tickets.ts'
import { TimeLineStore } from '../../functions/stores/time-lines.ts'
import { VerifiedDayStore } from '../../functions/stores/verified-days.ts'
import { WaitStore } from '../../functions/stores/waits.ts'
import { DeliveryStore } from '../../functions/stores/webhook-deliveries.ts'
import { WebhookStore } from '../../functions/stores/webhooks.ts'
import { documentClientOver } from '../simulate/presence/table.ts'
import { makeCdr } from '../support/cdrs.ts'
import { testDataKeys } from '../support/data-keys.ts'

/**
 * Goal: each item expires in Unix seconds, within the life that the documents give it. DynamoDB takes milliseconds without an
 * error, and then never deletes the item. Method: every store writes to a table that keeps each `ttl` of a put or an update.
 */
const now = Date.UTC(2026, 10, 24)
const [minute, hour, day] = [60, 3_600, 86_400]

type Db = ReturnType<typeof documentClientOver>
const entity = (id: string) => ({ id, v: '0000000001.0000000001', r: 0, state: { deviceState: 'INUSE' } as never })
const who = { site: 'office', keyId: 'k', scopes: [] }
const digest = { run: 'r', day: '2026-11-23', from: '', to: '', part: 0, parts: 1, count: 0, checksum: '', prints: [] }
const placedRow = {
  stage: 'queued' as const,
  endpoint: 'PJSIP/60',
  to: '61',
  dial: '61',
  ringSeconds: 30,
  keyId: 'k',
  issuedAt: now,
  deadline: now,
}
const job = { site: 'office', id: '1', query: {}, personal: false, file: 'f', state: 'running' as const, turn: 0 }
const file = { rows: 0, bytes: 0, parts: [], askedAt: '' }
const cdr = makeCdr(1, { linkedid: 'no-time-in-it' })
const cdrStart = Date.parse(cdr.start.replace('+0000', 'Z')) - now

/** What writes with an expiry, and the seconds after `now` within which the item expires. */
const writers: Record<string, { file: string; life: [min: number, max: number]; write(db: Db): Promise<unknown> }> = {
  'a CDR with its rows by party and its alias': {
    file: 'cdrs.ts',
    life: [30 * day + cdrStart / 1000 - 1, 30 * day + cdrStart / 1000 + 1],
    write: (db) => new CdrStore(db, 't').put('office', cdr, undefined, { country: 'FR', retentionDays: 30 }),
  },
  'an export job': {
    file: 'export-jobs.ts',
    life: [40 * day, 40 * day],
    write: (db) => new ExportJobStore(db, 't', () => now).create({ ...job, ...file }),
  },
  'an event of a webhook': {
    file: 'webhook-deliveries.ts',
    life: [30 * day, 30 * day],
    write: (db) => new DeliveryStore(db, 't').putEvent('office', { id: 'evt_1' } as never, now),
  },
  'the place of a delivery in its call': {
    file: 'call-order.ts',
    life: [8 * day, 8 * day],
    write: (db) => new CallOrderStore(db, 't').put('office', 'wh_1', { call: '1.1', seq: '1' }, 'd', now),
  },
  'a listener': {
    file: 'webhooks.ts',
    life: [300, 300],
    write: (db) =>
      new WebhookStore(db, 't', testDataKeys).create('office', { id: 'li_1', listensUntil: now + 300_000 } as never),
  },
  'a ticket': {
    file: 'tickets.ts',
    life: [minute, hour],
    write: (db) => new TicketStore(db, 't').put('hash', { ...who, expiresAt: now + 60_000 }, now),
  },
  'a connection': {
    file: 'connections.ts',
    life: [2 * hour, 3 * hour],
    write: (db) => new ConnectionStore(db, 't').open('c', who, now),
  },
  'a subscription': {
    file: 'connections.ts',
    life: [2 * hour, 3 * hour],
    write: (db) => new ConnectionStore(db, 't').subscribe('c', who, 'calls', now),
  },
  'a revoked key': {
    file: 'keys.ts',
    life: [30 * day, 30 * day],
    write: (db) => new KeyStore(db, 't').revoke('office', 'k', now),
  },
  'a revoked bridge': {
    file: 'bridges.ts',
    life: [30 * day, 30 * day],
    write: (db) => new BridgeStore(db, 't').revoke('office', 'b', now),
  },
  'an enrolment code': {
    file: 'bridges.ts',
    life: [day, 2 * day],
    write: (db) =>
      new BridgeStore(db, 't').putCode('office', 'b', {
        codeHash: 'h',
        createdAt: now,
        createdBy: 'admin',
        codeExpiresAt: now + 1000 * hour,
      }),
  },
  'an idempotency key': {
    file: 'placed-calls.ts',
    life: [day, day],
    write: (db) => new PlacedCallStore(db, 't').claimKey('office', 'k', 'h', { hash: 'h', call: 'c', at: now }),
  },
  'a placed call': {
    file: 'placed-calls.ts',
    life: [90 * day, 90 * day],
    write: (db) => new PlacedCallStore(db, 't').create('office', 'c', placedRow, 90),
  },
  'call caps of a minute and a day': {
    file: 'call-caps.ts',
    life: [hour, day + 2 * hour],
    write: (db) =>
      new CallCaps(db, 't').take('office', 'k', { minute: { site: 9, key: 9 }, day: { site: 9, key: 9 } }, now),
  },
  'a counter of requests': {
    file: 'limits.ts',
    life: [minute, 2 * minute],
    write: (db) => new RequestLimits(db, 't').take({ site: 'office', keyId: 'k', max: undefined }, now),
  },
  'counters of waits': {
    file: 'waits.ts',
    life: [minute, 3 * minute],
    write: (db) => new WaitStore(db, 't').begin(who, { key: 5, site: 5, all: 5 }, now),
  },
  'failed lookups': {
    file: 'lookup-tries.ts',
    life: [hour, 30 * day],
    write: (db) => new LookupTries(db, 't').take('office', { who: 'w', isRight: false } as never, now, undefined),
  },
  'a tombstone by a fact': {
    file: 'presence.ts',
    life: [minute, day],
    write: (db) => {
      const ended = { topic: 'calls' as const, entity: entity('c'), ended: true, mayCreate: true }
      return new PresenceStore(db, 't').put('office', ended, now)
    },
  },
  'a removed endpoint': {
    file: 'presence.ts',
    // Longer than a queue keeps a late fact of it.
    life: [15 * day, 15 * day],
    write: (db) => new PresenceStore(db, 't').end('office', entity('PJSIP/60'), 1, now),
  },
  'a time line': {
    file: 'time-lines.ts',
    life: [30 * day, 30 * day],
    write: (db) =>
      new TimeLineStore(db, 't').put('office', new Map([['c', [{ v: '1', state: 'ended' } as never]]]), now),
  },
  'a part of a digest': {
    file: 'verified-days.ts',
    life: [day, day],
    write: (db) => new VerifiedDayStore(db, 't').putPart('office', digest, now),
  },
}

test.each(Object.entries(writers))('%s expires in seconds, within its life', async (_, { life, write }) => {
  const found: unknown[] = []
  const db = documentClientOver(async (command) => {
    if (command instanceof PutCommand && command.input.Item && 'ttl' in command.input.Item)
      found.push(command.input.Item['ttl'])
    if (command instanceof UpdateCommand && command.input.ExpressionAttributeValues?.[':ttl'] !== undefined) {
      found.push(command.input.ExpressionAttributeValues[':ttl'])
    }
    return {}
  })
  await write(db)
  expect(found.length).toBeGreaterThan(0)
  for (const ttl of found) {
    expect(Number.isInteger(ttl)).toBe(true)
    const left = Number(ttl) - now / 1000
    expect(left).toBeGreaterThanOrEqual(life[0])
    expect(left).toBeLessThanOrEqual(life[1])
  }
})

test('the list of this test has every store that sets an expiry', () => {
  const setting = readdirSync('functions/stores').filter((name) =>
    /\bttl\b[^\n]*(timeToLive|expirySeconds)\(|const ttl = /.test(readFileSync(`functions/stores/${name}`, 'utf8')),
  )
  const covered = new Set(Object.values(writers).map(({ file }) => file))
  expect(setting.filter((name) => !covered.has(name))).toEqual([])
  expect(setting.length).toBeGreaterThan(10)
})
