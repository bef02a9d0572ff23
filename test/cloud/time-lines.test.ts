import { expect, test } from 'vitest'
import { timeLineEntries } from '../../functions/domain/time-line.ts'
import { TimeLineStore } from '../../functions/stores/time-lines.ts'
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
