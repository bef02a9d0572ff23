import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCountryCallingCode } from 'libphonenumber-js/min'
import * as v from 'valibot'
import { FraudSettings } from '../../contracts/fraud.ts'
import { openingAt } from '../../functions/domain/fraud/hours.ts'
import { emptyState, type FraudState } from '../../functions/domain/fraud/state.ts'
import { numbering } from '../../functions/domain/phone-number.ts'
import type { StoredEvent } from '../../functions/domain/webhooks/event.ts'
import { watchFraud } from '../../functions/queues/publish-events/watch-fraud.ts'
import { callFact } from './facts.ts'

const Moment = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)$/))
const Call = v.strictObject({
  from: v.pipe(v.string(), v.regex(/^\d{2,6}$/)),
  dialled: v.pipe(v.string(), v.regex(/^[+*#\d]{2,30}$/)),
  start: Moment,
  answered: v.optional(Moment),
  ended: Moment,
  via: v.optional(v.picklist(['phone', 'api', 'forward']), 'phone'),
  attack: v.optional(v.boolean(), false),
})
type Call = v.InferOutput<typeof Call>
export const Day = v.strictObject({
  name: v.string(),
  kind: v.picklist(['attack', 'honest']),
  author: v.picklist(['blind', 'rules']),
  sources: v.pipe(v.array(v.string()), v.minLength(1)),
  site: v.strictObject({
    country: v.string(),
    zone: v.string(),
    outsidePrefix: v.string(),
    hours: v.optional(FraudSettings.entries.hours.wrapped),
  }),
  usual: v.array(v.pipe(v.string(), v.regex(/^\+[1-9]\d{4,14}$/))),
  calls: v.pipe(v.array(Call), v.minLength(1)),
})
export type Day = v.InferOutput<typeof Day>

const folder = join(import.meta.dirname, '../cases/fraud')

/** Reads the days of test/cases/fraud/. */
export function readDays(): { file: string; day: Day }[] {
  return globSync('*.json', { cwd: folder })
    .sort()
    .map((file) => ({ file, day: v.parse(Day, JSON.parse(readFileSync(join(folder, file), 'utf8'))) }))
}

const daysBefore = [21, 14, 7, 4]
const secondMs = 1000
const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Sends the calls of a day through the watch, as live facts in the order of their times. Returns its events and when each was sent. */
export async function eventsOfDay({ site, usual, calls }: Day): Promise<{ event: StoredEvent; at: number }[]> {
  const sent: { event: StoredEvent; at: number }[] = []
  let stored: { state: FraudState; rev: number } = { state: emptyState, rev: 0 }
  let now = 0
  const locale = {
    ...numbering(site.country, { outsidePrefix: site.outsidePrefix }),
    zone: site.zone,
    fraud: v.parse(FraudSettings, site.hours ? { hours: site.hours } : {}),
  }
  const watch = (message: Parameters<typeof watchFraud>[0]) =>
    watchFraud(
      message,
      {
        states: {
          read: async () => structuredClone(stored),
          replace: async (_, state, rev) => {
            stored = { state, rev: rev + 1 }
            return true
          },
        },
        localeOf: async () => locale,
        liveCalls: async () => new Set(),
        queue: async () => undefined,
        now: () => now,
      },
      async (_, events) => void sent.push(...events.map((event) => ({ event, at: now }))),
    )
  const first = Math.min(...calls.map(({ start }) => Date.parse(start)))
  // Each number is called on several days, by an extension of its own, so that the usual calls themselves are no attack.
  for (const days of daysBefore)
    for (const [n, number] of usual.entries()) {
      const at = openTime(first - days * dayMs - n * hourMs, site.zone, locale.fraud)
      const times = { start: iso(at), answered: iso(at + 10_000), ended: iso(at + 90_000) }
      now = at
      const call = v.parse(Call, { from: String(100 + n), dialled: localForm(number, site), ...times })
      await watch(messageOf(call, `usual-${n}-${days}`, 'ended'))
    }
  // Whatever the usual calls look like, the day begins with a clean slate.
  sent.length = 0
  stored = { state: { ...stored.state, calls: [], told: {} }, rev: stored.rev }
  const facts = calls.flatMap((call, n) => [
    { at: Date.parse(call.start), message: messageOf(call, `call-${n}`, 'dialling') },
    ...(call.answered === undefined
      ? []
      : [{ at: Date.parse(call.answered), message: messageOf(call, `call-${n}`, 'answered') }]),
    { at: Date.parse(call.ended), message: messageOf(call, `call-${n}`, 'ended') },
  ])
  for (const fact of facts.sort((a, b) => a.at - b.at)) {
    now = fact.at
    await watch(fact.message)
  }
  return sent
}

/** Whether an event was sent within ten seconds of the start of the third call of the attack. */
export function isTold({ calls }: Day, events: readonly { at: number }[]): boolean {
  const starts = calls
    .filter(({ attack }) => attack)
    .map(({ start }) => Date.parse(start))
    .sort((a, b) => a - b)
  const [from = 0, , third = Number.POSITIVE_INFINITY] = starts
  return events.some(({ at }) => at >= from && at <= third + 10 * secondMs)
}

function messageOf(
  { from, dialled, start, answered, ended, via }: Call,
  id: string,
  state: 'dialling' | 'answered' | 'ended',
) {
  const at = { dialling: start, answered: answered ?? start, ended }[state]
  const fact = callFact('office', [1, 1], id, state, iso(Date.parse(at)))
  const provider = { number: dialled, name: '', endpoint: 'PJSIP/provider' }
  const isForward = via === 'forward'
  const data = {
    ...fact.data,
    caller: isForward
      ? { number: '0144556677', name: '', endpoint: 'PJSIP/provider' }
      : { number: from, name: '', endpoint: `PJSIP/${from}` },
    dialled: isForward ? from : dialled,
    callees: isForward || state !== 'dialling' ? [provider] : [],
    startedAt: iso(Date.parse(start)),
    ...(state !== 'dialling' && answered !== undefined && { answeredAt: iso(Date.parse(answered)) }),
    ...(state === 'ended' && { endedAt: iso(Date.parse(ended)) }),
  }
  return { site: 'office', facts: [{ ...fact, data }] }
}

/** Returns the last full hour at or before a time in which people of the site call. */
function openTime(ms: number, zone: string, settings: FraudSettings): number {
  let at = ms - (ms % hourMs)
  while (openingAt(at / 1000, zone, settings) !== 'open') at -= hourMs
  return at
}

/** A number in E.164 as a phone of the site dials it. */
function localForm(number: string, { country, outsidePrefix }: Day['site']): string {
  const code = `+${getCountryCallingCode(numbering(country).country)}`
  const isNorthAmerica = code === '+1'
  if (number.startsWith(code))
    return outsidePrefix + (isNorthAmerica ? number.slice(1) : `0${number.slice(code.length)}`)
  return `${outsidePrefix}${isNorthAmerica ? '011' : '00'}${number.slice(1)}`
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
