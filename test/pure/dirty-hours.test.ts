import { expect, test } from 'vitest'
import type { Cdr } from '../../contracts/cdr.ts'
import { persistRecords } from '../../functions/queues/persist-records/persist-records.ts'
import type { PutOutcome } from '../../functions/stores/cdrs.ts'
import { makeCdr } from '../support/cdrs.ts'
import { cdrEvent } from '../support/facts.ts'

/** Goal: every hour of which a row may be missing in the totals has a mark. Method: the store answers each outcome of a put. */
const now = Date.UTC(2026, 10, 24)

const marksAfter = (outcomes: readonly PutOutcome[]) =>
  marksOf(
    outcomes.map((_, n) => makeCdr(60 * n)),
    outcomes,
  )

async function marksOf(cdrs: readonly Cdr[], outcomes: readonly PutOutcome[] = []): Promise<string[]> {
  const marked: string[] = []
  const left = [...outcomes]
  const nothing = async () => undefined
  await persistRecords(
    {
      messageId: '1',
      key: 'k',
      body: '',
      site: 'office',
      sentAt: now,
      lines: cdrs.map((cdr, line) => ({ line, event: cdrEvent('office', cdr) })),
    },
    {
      log: { put: async () => left.shift() ?? 'stored' },
      hours: { mark: async (_, hour) => void marked.push(hour) },
      deadLetters: { put: nothing },
      timeLines: { put: nothing },
      placed: { applyFact: async () => false } as never,
      settle: nothing,
      removals: { confirm: nothing },
      days: {} as never,
      numberingOf: async () => ({ country: 'FR' }),
      now: () => now,
    },
  )
  return marked.sort()
}

test.each([['stored'], ['duplicate'], ['apart']] as const)(
  'marks the hour of a CDR that is %s: the invocation that stored it may have died before its mark',
  async (outcome) => {
    expect(await marksAfter([outcome])).toEqual(['2026-11-23T19'])
  },
)

test('marks each hour of a message once, also if all of its CDRs were stored before', async () => {
  expect(await marksAfter(['duplicate', 'duplicate', 'duplicate'])).toEqual([
    '2026-11-23T19',
    '2026-11-23T20',
    '2026-11-23T21',
  ])
})

test('a CDR that cannot be true marks no hour, so that no total is made for an hour of the future', async () => {
  const future = makeCdr(1, { start: '2031-01-01T00:00:00+0000', answer: '', end: '2031-01-01T00:00:09+0000' })
  expect(await marksOf([future])).toEqual([])
  expect(await marksOf([future, makeCdr(1)])).toEqual(['2026-11-23T19'])
})
