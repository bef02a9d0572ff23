import { dayAfter, dayOf } from '../moments.ts'

/** Days in the site's zone, both included. */
export interface Period {
  from: string
  to: string
}

export const spans = ['day', 'week', 'month', 'year'] as const
export type Span = (typeof spans)[number]
const spanDays: Readonly<Record<Span, number>> = { day: 1, week: 7, month: 28, year: 364 }

/** Longest periods that the API answers by hour, and by extension and trunk. */
export const hourDaysMax = 62
export const lineDaysMax = 93
/** Longest period that the API answers by day. */
export const daysMax = 400

export function daysOf({ from, to }: Period): number {
  return Math.round((Date.parse(`${to}T12:00:00Z`) - Date.parse(`${from}T12:00:00Z`)) / 86_400_000) + 1
}

/** Returns the period that ends on a day. Weeks, months and years are whole weeks, so that the period before has the same weekdays. */
export function spanTo(span: Span, to: string): Period {
  return { from: dayAfter(to, 1 - spanDays[span]), to }
}

export function spanOf(period: Period): Span | undefined {
  return spans.find((span) => spanDays[span] === daysOf(period))
}

const day = /^\d{4}-\d\d-\d\d$/

/** Returns the period of an address: the last seven days by default, and at most 400 days. */
export function periodOf(query: URLSearchParams, nowMs: number): Period {
  const [from, to] = [query.get('from') ?? '', query.get('to') ?? '']
  const isPeriod = day.test(from) && day.test(to) && from <= to && daysOf({ from, to }) <= daysMax
  return isPeriod ? { from, to } : spanTo('week', dayOf(nowMs))
}

/** Returns the period of the same length just before. */
export function before(period: Period): Period {
  const days = daysOf(period)
  return { from: dayAfter(period.from, -days), to: dayAfter(period.from, -1) }
}

/** Returns every day of a period. */
export function daysIn({ from, to }: Period): string[] {
  return Array.from({ length: daysOf({ from, to }) }, (_, n) => dayAfter(from, n))
}
