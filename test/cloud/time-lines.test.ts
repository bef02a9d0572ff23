import { expect, test } from 'vitest'
import { Topic } from '../../contracts/frames.ts'
import { timeLineEntries } from '../../functions/domain/time-line.ts'
import { fanOut } from '../../functions/queues/fan-out/fan-out.ts'
import { emptySite } from '../../functions/queues/remove-data/delete-site.ts'
import { CallLogStore } from '../../functions/stores/call-log.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { ConnectionStore } from '../../functions/stores/connections.ts'
import { PartitionStore } from '../../functions/stores/partitions.ts'
import { PlacedCallStore } from '../../functions/stores/placed-calls.ts'
import { TimeLineStore } from '../../functions/stores/time-lines.ts'
import { makeCdr } from '../support/cdrs.ts'
import { callFact } from '../support/facts.ts'
import { startTables } from '../support/tables.ts'

test('stores the facts of one batch about a call as one item of one write unit; a read returns each state once, in order', async () => {
  await using tables = await startTables()
  let [puts, units] = [0, 0]
  tables.db.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] !== 'PutItemCommand') return next(args)
      Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' })
      const result = await next(args)
      const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } }
      puts += 1
      units += ConsumedCapacity?.CapacityUnits ?? 0
      return result
    },
    { step: 'initialize', priority: 'high' },
  )
  const now = Date.UTC(2026, 10, 24)
  const store = new TimeLineStore(tables.db, tables.table)
  const states = ['ringing', 'answered', 'ended'] as const
  const events = ['call-1', 'call-2'].flatMap((call, c) =>
    states.map((state, n) => callFact('lines', [1, 3 * c + n + 1], call, state, new Date(now).toISOString())),
  )
  const batch = timeLineEntries([{ lane: 'live', sentAt: now, handledAt: now, events }])
  await store.put('lines', batch, now)
  expect([puts, units]).toEqual([2, 2])
  // The same batch again, then parts of it, some with the same first or last fact: each fact is read exactly once.
  await store.put('lines', batch, now)
  for (const part of [[0], [1], [0, 2]].map((those) => those.flatMap((n) => events[n] ?? []))) {
    await store.put('lines', timeLineEntries([{ lane: 'live', sentAt: now, handledAt: now, events: part }]), now)
  }
  expect((await store.read('lines', 'call-1')).map(({ state }) => state)).toEqual(states)
})

test('two sites with a call of the same linkedid read and delete each its own time line, CDRs and placed call', async () => {
  await using tables = await startTables()
  const now = Date.UTC(2026, 10, 24)
  const cdr = makeCdr(1)
  const call = cdr.linkedid
  const lines = new TimeLineStore(tables.db, tables.table)
  const [cdrs, log] = [new CdrStore(tables.db, tables.table), new CallLogStore(tables.db, tables.table)]
  const placed = new PlacedCallStore(tables.db, tables.table)
  const states = { 'twin-a': 'ringing', 'twin-b': 'answered' } as const
  const row = { stage: 'queued', endpoint: 'PJSIP/60', dial: '61', ringSeconds: 30, keyId: 'k' } as const
  for (const [site, state] of Object.entries(states)) {
    const events = [callFact(site, [1, 1], call, state, new Date(now).toISOString())]
    await lines.put(site, timeLineEntries([{ lane: 'live', sentAt: now, handledAt: now, events }]), now)
    await cdrs.put(site, { ...cdr, dst: site }, undefined, { country: 'FR' })
    await placed.create(site, call, { ...row, to: site, issuedAt: now, deadline: now }, 30)
  }
  const read = async (site: string) => ({
    states: (await lines.read(site, call)).map(({ state }) => state),
    legs: (await log.legs(site, call)).map(({ cdr: { dst } }) => dst),
    to: (await placed.find(site, call))?.to,
  })
  const [a, b] = [await read('twin-a'), await read('twin-b')]
  expect(a).toEqual({ states: ['ringing'], legs: ['twin-a'], to: 'twin-a' })
  expect(b).toEqual({ states: ['answered'], legs: ['twin-b'], to: 'twin-b' })
  const partitions = new PartitionStore(tables.db, tables.table, () => false)
  const tablesOf = { live: partitions, records: partitions, people: partitions, webhooks: partitions }
  const months = { now, since: '2026-11', known: new Set<string>(), remember: async () => undefined }
  await emptySite('twin-a', { tables: tablesOf, months }, () => undefined)
  expect(await read('twin-a')).toEqual({ states: [], legs: [], to: undefined })
  expect(await read('twin-b')).toEqual(b)
})

test('the subscriptions of a connection that does not exist go with the next fact, and other sites keep theirs', async () => {
  await using tables = await startTables()
  const now = Date.UTC(2026, 10, 24)
  const connections = new ConnectionStore(tables.db, tables.table)
  const rowOf = (site: string) => ({ site, keyId: 'k', scopes: [] })
  for (const [site, id] of [
    ['left', 'gone'],
    ['left', 'open'],
    ['other', 'gone'],
  ] as const) {
    for (const topic of Topic.options) await connections.subscribe(id, rowOf(site), topic, now)
  }
  const posting = {
    connections,
    sockets: { post: async (id: string) => (id === 'gone' ? ('gone' as const) : ('sent' as const)) },
    chunks: { send: async () => undefined },
    now: () => now,
    wait: async () => undefined,
    random: () => 0,
  }
  const frame = { type: 'heard' as const, lastHeard: new Date(now).toISOString(), stale: false }
  const count = await fanOut('left', [{ topics: Topic.options, frame }], posting)
  expect(count).toMatchObject({ sent: 1, gone: 1 })
  for (const topic of Topic.options) {
    expect((await connections.subscribers('left', topic)).map(({ id }) => id)).toEqual(['open'])
    expect((await connections.subscribers('other', topic)).map(({ id }) => id)).toEqual(['gone'])
  }
})
