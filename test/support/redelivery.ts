import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Cdr } from '../../contracts/cdr.ts'
import { hourOf } from '../../functions/domain/filing.ts'
import { persistRecords } from '../../functions/queues/persist-records/persist-records.ts'
import { rollUp } from '../../functions/queues/watch/roll-up.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { DirtyHourStore } from '../../functions/stores/dirty-hours.ts'
import { PlacedCallStore } from '../../functions/stores/placed-calls.ts'
import { RemovalStore } from '../../functions/stores/removals.ts'
import { TimeLineStore } from '../../functions/stores/time-lines.ts'
import { TotalStore } from '../../functions/stores/totals.ts'
import { VerifiedDayStore } from '../../functions/stores/verified-days.ts'
import { officeCall } from './busy-office.ts'
import { cdrEvent } from './facts.ts'
import { Died, makeUnreliable, RequestFailed, type Strike, seeded } from './unreliable.ts'

/** The table on which a schedule of deliveries runs. */
export interface Ground {
  db: DynamoDBDocumentClient
  table: string
  /** Returns all items of the table. */
  items(): Promise<Record<string, unknown>[]>
}

export interface Redelivered {
  deliveries: number
  /** How often each kind of fault occurred. */
  struck: Record<NonNullable<Strike>, number>
  /** Number of messages that failed five times and of bodies with an invalid line. */
  deadLetters: number
  redriveRounds: number
  sent: Cdr[]
  /** The CDRs in the table at the end. */
  rows: Cdr[]
  /** Number of items of all kinds in the site's partitions of CDRs. */
  items: number
  /** Hours (`yyyy-mm-ddThh`) that have a total. */
  hours: Set<string>
  totals: TotalStore
}

export const redeliveredSite = 'redelivered'
const site = redeliveredSite
const numbering = { country: 'FR' } as const
/** One request in this many fails: a message of 25 rows makes 90 requests, so most attempts fail. */
const strikeEvery = 60
const rowsPerMessage = 25
/** One message in this many has an invalid line. */
const badLineEvery = 40
/** `maxReceiveCount` of the queue in SQS. */
const receivesMax = 5
/** A redrive delivers all dead letters again. About a quarter fail in each round, so far fewer rounds are needed. */
const redrivesMax = 60
/** Roll-ups that run among the deliveries. */
const ticks = 100

/**
 * Delivers the CDRs of `calls` calls in messages of 25, each message 1 to 5 times and shuffled, to functions that fail at any
 * request. Messages that failed five times become dead letters, which are redriven until there are no more.
 */
export async function redeliver(ground: Ground, calls: number, seed: number): Promise<Redelivered> {
  const random = seeded(seed)
  const sent = Array.from({ length: calls }, (_, n) => officeCall(n)).flat()
  const struck = { before: 0, after: 0, throttled: 0, lost: 0 }
  const strikes = ['before', 'after', 'throttled', 'lost'] as const
  const strike = (): Strike => {
    if (random() * strikeEvery >= 1) return undefined
    const how = strikes[Math.floor(random() * strikes.length)] ?? 'before'
    struck[how] += 1
    return how
  }
  /** Creates the dependencies of one run of a function. */
  const newRun = () => partsOver(makeUnreliable(ground.db, strike), ground.table)
  /** Messages with an invalid line that was refused, by number. */
  const bad = new Set<number>()
  const survives = async (act: () => Promise<unknown>): Promise<boolean> => {
    try {
      await act()
      return true
    } catch (error) {
      if (!(error instanceof Died || error instanceof RequestFailed)) throw error
      return false
    }
  }
  const deliver = (n: number) => {
    const events = sent.slice(n * rowsPerMessage, (n + 1) * rowsPerMessage).map((cdr) => cdrEvent(site, cdr))
    const lines = events.map((event, line) => ({ line, event }))
    const broken = n % badLineEvery === 0 ? [{ line: lines.length, errorId: 'event-malformed' }] : []
    const message = { messageId: String(n), body: String(n), site, key: 'k', lines: [...lines, ...broken], sentAt: 0 }
    const deadLetters = { put: async () => void bad.add(n) }
    return survives(() => persistRecords(message, { ...newRun(), deadLetters }))
  }
  let clock = Date.now()
  const tick = ({ hours, totals, placed } = newRun()) => {
    clock += 3_600_000
    const at = clock
    const numberingOf = async () => numbering
    return survives(() => rollUp({ hours, totals, placed, numberingOf, now: () => at, until: at + 1 }))
  }
  const queue = shuffledDeliveries(Math.ceil(sent.length / rowsPerMessage), random)
  const dead = new Set<number>()
  for (const [turn, n] of queue.entries()) {
    let done = false
    for (let tries = 0; tries < receivesMax && !done; tries += 1) done = await deliver(n)
    if (!done) dead.add(n)
    if (turn % Math.ceil(queue.length / ticks) === 0) await tick()
  }
  const deadLetters = dead.size + bad.size
  let redriveRounds = 0
  // A body with an invalid line is redriven too: its valid lines are stored already, the invalid one is refused again.
  for (const n of bad) dead.add(n)
  for (; dead.size > 0 && redriveRounds < redrivesMax; redriveRounds += 1) {
    for (const n of [...dead]) if (await deliver(n)) dead.delete(n)
  }
  if (dead.size > 0) throw new Error(`${dead.size} dead letters after ${redrivesMax} redrives`)
  const sound = partsOver(ground.db, ground.table)
  // Some more roll-ups that may fail, then ones without failures until no hour is marked.
  for (let n = 0; n < 20; n += 1) await tick()
  while ((await sound.hours.marks(1)).length > 0) await tick(sound)
  const items = (await ground.items()).filter(({ pk }) => String(pk).startsWith(`${site}#`))
  const of = (kind: RegExp) => items.filter(({ pk }) => kind.test(String(pk)))
  const rows = of(/#T#/).map(({ cdr }) => cdr as Cdr)
  return {
    deliveries: queue.length,
    struck,
    deadLetters,
    redriveRounds,
    sent,
    rows,
    items: rows.length + of(/#[ABL]#/).length,
    hours: new Set(of(/#H#/).map(({ pk, sk }) => hourOf(`${String(pk).slice(-7)}-${sk}`))),
    totals: sound.totals,
  }
}

function partsOver(db: DynamoDBDocumentClient, table: string) {
  return {
    log: new CdrStore(db, table),
    hours: new DirtyHourStore(db, table),
    totals: new TotalStore(db, table),
    timeLines: new TimeLineStore(db, table),
    placed: new PlacedCallStore(db, table),
    numberingOf: async () => numbering,
    days: new VerifiedDayStore(db, table),
    removals: new RemovalStore(db, table),
    settle: async () => undefined,
    now: Date.now,
  }
}

/** Returns each message 1 to 5 times, shuffled (Fisher and Yates). */
function shuffledDeliveries(messages: number, random: () => number): number[] {
  const queue = Array.from({ length: messages }, (_, n) => Array<number>(1 + Math.floor(random() * 5)).fill(n)).flat()
  for (let last = queue.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1))
    const [a = 0, b = 0] = [queue[last], queue[other]]
    queue[last] = b
    queue[other] = a
  }
  return queue
}

/** Returns how many rows the CDRs should have: one by time and one for each party. */
export function rowsDue(cdrs: readonly Cdr[]): number {
  return cdrs.reduce((sum, { src, dst }) => sum + 1 + (src ? 1 : 0) + (dst ? 1 : 0), 0)
}
