// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code
import type { Slip } from './slip.ts'

const rollUp = 'functions/queues/watch/roll-up.ts'
const zone = 'functions/domain/stats/zone.ts'
const filing = 'functions/domain/filing.ts'
const hours = ['test/pure/dirty-hours.test.ts']
const totals = ['test/pure/roll-ups.test.ts']
const keyTests = ['test/pure/table-keys.test.ts']
const clock = ['test/pure/clock-change-days.test.ts']
const filingTests = ['test/pure/functions-filing.test.ts']
const stats = ['test/pure/functions-stats.test.ts']
const admission = ['test/pure/webhook-sending.test.ts', 'test/pure/webhook-delivery.test.ts']

/** Call records, totals and events that are lost, doubled or kept for too long. */
export const recordSlips: readonly Slip[] = [
  {
    what: 'a dirty-hour mark that is deleted without its stamp',
    file: 'functions/stores/dirty-hours.ts',
    before: "{ condition: 'stamp = :stamp', values: { stamp } }",
    after: "{ condition: 'attribute_exists(pk) AND :stamp = :stamp', values: { stamp } }",
    tests: totals,
  },
  {
    what: 'the mark deleted though its hour was not totalled',
    file: rollUp,
    before: "  if (!(await totals.put(site, hour, row, total.lines))) return 'again'\n",
    after: '  await totals.put(site, hour, row, total.lines)\n',
    tests: totals,
  },
  {
    what: 'an hour after a longer call that is not totalled again',
    file: rollUp,
    before: 'await hours.mark(site, neighbour(hour, 1))',
    after: 'await hours.mark(site, neighbour(hour, 0))',
    tests: totals,
  },
  {
    what: 'a site whose hour fails stops the others',
    file: rollUp,
    before: '      count.failed += 1\n',
    after: '      throw error\n',
    tests: totals,
  },
  {
    what: 'duplicates that leave no mark',
    file: 'functions/queues/persist-records/persist-records.ts',
    before: '        count[outcomes[await log.put(site, cdr, raw, numbering, doubt)]] += 1\n',
    after:
      '        const outcome = await log.put(site, cdr, raw, numbering, doubt)\n        count[outcomes[outcome]] += 1\n        if (outcome === "duplicate") continue\n',
    tests: hours,
  },
  {
    what: 'a doubtful record in the totals',
    file: 'functions/queues/persist-records/persist-records.ts',
    before: 'if (doubt === undefined) dirty.add(',
    after: 'dirty.add(',
    tests: hours,
  },
  {
    what: 'a time to live in milliseconds',
    file: 'functions/stores/expressions.ts',
    before: 'return Math.floor(now / 1000) + seconds',
    after: 'return now + seconds * 1000',
    tests: ['test/pure/stored-expiries.test.ts'],
  },
  {
    what: 'the site left out of the key of a time line',
    file: 'functions/stores/table-keys.ts',
    before: 'timeLine: (site: string, call: string) => `${site}#CE#${call}`',
    after: 'timeLine: (_site: string, call: string) => `#CE#${call}`',
    tests: keyTests,
  },
  {
    what: 'the site left out of the key of a delivery',
    file: 'functions/stores/table-keys.ts',
    before: 'sk: `${at}#${site}#${webhook}#${id}`',
    after: 'sk: `${at}#${webhook}#${id}`',
    tests: keyTests,
  },
  {
    what: 'two kinds of items under one key',
    file: 'functions/stores/table-keys.ts',
    before: 'queues: (site: string) => `${site}#Q`',
    after: 'queues: (site: string) => `${site}#K`',
    tests: keyTests,
  },
  {
    what: 'days of 24 hours',
    file: zone,
    before: 'if (dayKey(at, offsetAt) >= day) return at',
    after: 'if (at >= utc - offsetAt(utc - daySeconds)) return at',
    tests: clock,
  },
  {
    what: 'the hour that occurs twice in one column',
    file: zone,
    before: ':00${offsetText(offset)}`',
    after: ':00`',
    tests: [...stats, ...clock],
  },
  {
    what: 'a week of the wrong year',
    file: zone,
    before: 'const year = thursday.getUTCFullYear()',
    after: 'const year = new Date(day * 1000).getUTCFullYear()',
    tests: stats,
  },
  {
    what: 'a linkedid of any age',
    file: filing,
    before: 'age >= -1 && age <= linkedidAgeSecondsMax',
    after: 'age >= -1',
    tests: filingTests,
  },
  {
    what: 'the newest month left out',
    file: filing,
    before: 'const count = last - first + 1',
    after: 'const count = last - first',
    tests: filingTests,
  },
  {
    what: 'sequence numbers that sort as text',
    file: filing,
    before: "String(cdr.sequence).padStart(sequenceDigits, '0')",
    after: 'String(cdr.sequence)',
    tests: filingTests,
  },
  {
    what: 'an erased record that counts as missing',
    file: 'functions/domain/compare-day.ts',
    before: '!prints.has(print) && !erased.has(keyOf(print))',
    after: '!prints.has(print)',
    tests: ['test/pure/compare-day.test.ts'],
  },
  {
    what: 'a record from before the oldest file that counts as extra',
    file: 'functions/domain/compare-day.ts',
    before: 'row.startMs >= sinceMs && ',
    after: '',
    tests: ['test/pure/compare-day.test.ts'],
  },
  {
    what: 'a peak that counts a call after its end',
    file: 'functions/domain/stats/hour-total.ts',
    before: 'a.at - b.at || a.by - b.by',
    after: 'a.at - b.at || b.by - a.by',
    tests: stats,
  },
  {
    what: 'a breaker that never opens',
    file: 'functions/domain/webhooks/admission.ts',
    before: 'const isOpening = failures >= failuresMax',
    after: 'const isOpening = failures > failuresMax * 1_000',
    tests: admission,
  },
  {
    what: 'a rate that nothing spreads',
    file: 'functions/domain/webhooks/admission.ts',
    before: 'nextFreeAt = turn + intervalMs',
    after: 'nextFreeAt = turn',
    tests: admission,
  },
  {
    what: 'events from before a webhook was made',
    file: 'functions/domain/webhooks/match.ts',
    before: 'Date.parse(event.time) < createdAt - clockErrorMsMax || !isRecent(event, now)',
    after: '!isRecent(event, now)',
    tests: ['test/pure/webhook-matching.test.ts'],
  },
  {
    what: 'events that are marked before the queue has what the bus refused',
    file: 'functions/queues/publish-events/bus.ts',
    before: 'await this.#sendBack(site, left.again, 0)',
    after: 'void left.again',
    tests: ['test/pure/event-bus.test.ts'],
  },
  {
    what: 'sites that wait behind one with many marks',
    file: 'functions/domain/fair-order.ts',
    before: 'const first = bySite.length === 0 ? 0 : turn % bySite.length',
    after: 'const first = 0 * turn',
    tests: ['test/pure/fair-order.test.ts'],
  },
]
