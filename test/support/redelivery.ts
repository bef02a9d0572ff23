import type { Cdr } from '../../contracts/cdr.ts'
import { getStats } from '../../functions/http/stats/get-stats.ts'
import { persistRecords } from '../../functions/queues/persist-records/persist-records.ts'
import { rollUp } from '../../functions/queues/watch/roll-up.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { DirtyHourStore } from '../../functions/stores/dirty-hours.ts'
import { PlacedCallStore } from '../../functions/stores/placed-calls.ts'
import { TimeLineStore } from '../../functions/stores/time-lines.ts'
import { TotalStore } from '../../functions/stores/totals.ts'
import { officeCall } from './busy-office.ts'
import { cdrEvent } from './facts.ts'
import type { TestTables } from './tables.ts'
import { Died, makeUnreliable, seeded } from './unreliable.ts'

export interface Redelivered {
  deliveries: number
  deaths: number
  sent: Cdr[]
  /** Rows by time, as they stand at the end. */
  rows: Cdr[]
  /** Items of all kinds in the site's own partitions of CDRs. */
  items: number
  totalCalls: number
}

const site = 'redelivered'
const numbering = { country: 'FR' } as const
/** One request in this many is where a function dies. */
const deathEvery = 60
const rowsPerMessage = 25
/** Tries of one message, each of which may die again; SQS would try five times and then put it among the dead letters. */
const triesMax = 400

/** Delivers the CDRs of `calls` calls 1 to 5 times each in messages of 25, shuffled, by functions that die between any two requests. */
export async function redeliver(tables: TestTables, calls: number, seed: number): Promise<Redelivered> {
  const random = seeded(seed)
  const sent = Array.from({ length: calls }, (_, n) => officeCall(n)).flat()
  const messages: Cdr[][] = []
  for (let from = 0; from < sent.length; from += rowsPerMessage) {
    const message = sent.slice(from, from + rowsPerMessage)
    const times = 1 + Math.floor(random() * 5)
    for (let n = 0; n < times; n += 1) messages.push(message)
  }
  messages.sort(() => random() - 0.5)
  let deaths = 0
  const { revive } = makeUnreliable(tables.db, () => {
    if (random() * deathEvery >= 1) return undefined
    deaths += 1
    return random() < 0.5 ? 'before' : 'after'
  })
  const hours = new DirtyHourStore(tables.db, tables.table)
  const totals = new TotalStore(tables.db, tables.table)
  const persisting = {
    log: new CdrStore(tables.db, tables.table),
    hours,
    timeLines: new TimeLineStore(tables.db, tables.table),
    placed: new PlacedCallStore(tables.db, tables.table),
    aside: { put: async () => undefined },
    numberingOf: async () => numbering,
    now: Date.now,
  }
  const until = async (act: () => Promise<unknown>) => {
    for (let tries = 0; tries < triesMax; tries += 1) {
      try {
        return await act()
      } catch (error) {
        if (!(error instanceof Died)) throw error
      } finally {
        revive()
      }
    }
    throw new Error(`${triesMax} tries in vain`)
  }
  let clock = Date.now()
  const tick = () => {
    clock += 3_600_000
    const at = clock
    return rollUp({ hours, totals, numberingOf: async () => numbering, now: () => at, until: at + 1 })
  }
  for (const [n, message] of messages.entries()) {
    const lines = message.map((cdr, line) => ({ line, event: cdrEvent(site, cdr) }))
    await until(() => persistRecords({ messageId: String(n), body: '', site, lines, sentAt: 0 }, persisting))
    if (n % 20 === 0) await until(tick)
  }
  // Ten ticks end every chain of hours that calls go on into.
  for (let n = 0; n < 20; n += 1) await until(tick)
  tables.db.middlewareStack.remove('unreliable')
  while ((await hours.marks(1)).length > 0) await tick()
  const items = (await tables.items()).filter(({ pk }) => String(pk).startsWith(`${site}#`))
  const rows = items.filter(({ pk }) => String(pk).startsWith(`${site}#T#`)).map(({ cdr }) => cdr as Cdr)
  const party = items.filter(({ pk }) => /#[ABL]#/.test(String(pk)))
  const last = new Date(Math.max(...sent.map(({ start }) => Date.parse(start))) + 86_400_000).toISOString().slice(0, 10)
  const stats = await getStats(site, { from: '2026-11-23', to: last, by: 'week' }, { totals, zone: 'UTC' })
  return {
    deliveries: messages.length,
    deaths,
    sent,
    rows,
    items: rows.length + party.length,
    totalCalls: stats.total.calls,
  }
}

/** Rows that a CDR should make: one by time, one for each party that it has. */
export function rowsDue(cdrs: readonly Cdr[]): number {
  return cdrs.reduce((sum, { src, dst }) => sum + 1 + (src ? 1 : 0) + (dst ? 1 : 0), 0)
}
