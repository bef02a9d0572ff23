import * as v from 'valibot'
import { Metrics, quantile, readMetrics } from './read-metrics.ts'

/** What `/healthz` answers, as far as the view needs it. A bridge of another version may have less, or more. */
export const ShownHealth = v.looseObject({
  site: v.string(),
  status: v.string(),
  version: v.optional(v.string()),
  asterisk: v.optional(v.string()),
  components: v.record(
    v.string(),
    v.looseObject({ status: v.string(), reason: v.optional(v.string(), ''), since: v.optional(v.string(), '') }),
  ),
  checks: v.optional(
    v.array(v.looseObject({ id: v.string(), state: v.string(), reason: v.string(), repair: v.optional(v.string()) })),
    [],
  ),
})
export type ShownHealth = v.InferOutput<typeof ShownHealth>

/** One look at a running bridge. */
export interface Reading {
  atMs: number
  health: ShownHealth
  metrics: Metrics
}

export const readingOf = (atMs: number, health: unknown, metrics: string): Reading => ({
  atMs,
  health: v.parse(ShownHealth, health),
  metrics: new Metrics(readMetrics(metrics)),
})

const prefix = 'switchhook_bridge_'
const hops = ['asterisk', 'reduce', 'spool', 'live', 'records']
/** Counters of which a growing one is worth a look. */
const faults =
  /^switchhook_bridge_(dropped|duplicates|gaps|retries|quarantined|disconnects|refusals|disk_errors)_total$/
/** Fits a terminal of 24 lines beside the rest. */
const faultsMax = 8

/** Returns the lines of the view. Rates and percentiles are those since `before`, or since the start of the bridge. */
export function screen(now: Reading, before: Reading | undefined): string[] {
  return [
    ...heading(now),
    '',
    ...componentLines(now),
    '',
    ...hopLines(now, before),
    '',
    ...figureLines(now, before),
    ...faultLines(now, before),
    ...checkLines(now),
  ].map(printable)
}

/** Returns the one line that stands for a reading where nothing can be redrawn. */
export function summaryLine(now: Reading, before: Reading | undefined): string {
  const down = Object.entries(now.health.components).flatMap(([name, { status }]) => (status === 'up' ? [] : name))
  const failed = now.health.checks.flatMap(({ id, state }) => (state === 'ok' ? [] : id))
  const parts = [
    new Date(now.atMs).toISOString(),
    now.health.status,
    ...(down.length > 0 ? [`down=${down.join(',')}`] : []),
    ...(failed.length > 0 ? [`checks=${failed.join(',')}`] : []),
    `events=${rate(now, before, `${prefix}hop_duration_seconds_count`, { hop: 'reduce' })}`,
    `messages=${sumRate(now, before, `${prefix}sent_messages_total`)}`,
    `records=${sumRate(now, before, `${prefix}sent_call_records_total`)}`,
    `unsent=${now.metrics.value(`${prefix}spool_unsent_facts`) ?? 0}`,
    `lag=${seconds(now.metrics.value(`${prefix}lane_lag_seconds`, { lane: 'live' }))}`.replace(' ', ''),
    `calls=${now.metrics.value(`${prefix}live_calls`) ?? 0}`,
  ]
  return printable(parts.join(' '))
}

function heading({ atMs, health, metrics }: Reading): string[] {
  const { site, status, version, asterisk, components } = health
  const startedAt = metrics.value('process_start_time_seconds')
  const cpu = metrics.value('process_cpu_seconds_total')
  const memory = metrics.value('process_resident_memory_bytes')
  const down = Object.values(components).filter((one) => one.status !== 'up').length
  const all = Object.keys(components).length
  return [
    [
      `switchhook-bridge ${version ?? ''}`.trimEnd(),
      `site ${site}`,
      ...(asterisk === undefined ? [] : [`Asterisk ${asterisk}`]),
      ...(startedAt === undefined ? [] : [`running for ${span(atMs / 1000 - startedAt)}`]),
      new Date(atMs).toISOString().replace(/\.\d+/, ''),
    ].join('   '),
    [
      status === 'up' ? `UP: all ${all} components` : `DOWN: ${down} of ${all} components`,
      ...(memory === undefined ? [] : [`memory ${bytes(memory)}`]),
      ...(cpu === undefined || startedAt === undefined
        ? []
        : [`processor ${((100 * cpu) / Math.max(1, atMs / 1000 - startedAt)).toFixed(1)} % since the start`]),
    ].join('   '),
  ]
}

function componentLines({ atMs, health }: Reading): string[] {
  const rows = Object.entries(health.components).map(([name, { status, since, reason }]) => {
    const sinceMs = Date.parse(since)
    return [name, status, Number.isNaN(sinceMs) ? '' : span((atMs - sinceMs) / 1000), reason]
  })
  return columns([['component', 'state', 'for', 'reason'], ...rows])
}

function hopLines(now: Reading, before: Reading | undefined): string[] {
  const name = `${prefix}hop_duration_seconds`
  const rows = hops.map((hop) => {
    const earlier = before?.metrics.buckets(name, { hop }) ?? []
    const buckets = now.metrics
      .buckets(name, { hop })
      .map(({ bound, count }, at) => ({ bound, count: count - (earlier[at]?.count ?? 0) }))
    const shares = [0.5, 0.95].map((share) => seconds(quantile(buckets, share)))
    return [hop, rate(now, before, `${name}_count`, { hop }), ...shares]
  })
  return columns([['hop', 'a second', 'half within', '95 % within'], ...rows])
}

function figureLines(now: Reading, before: Reading | undefined): string[] {
  const value = (name: string, labels?: Record<string, string>) => now.metrics.value(`${prefix}${name}`, labels) ?? 0
  return columns([
    [
      'spool',
      `${bytes(value('spool_bytes'))} of ${bytes(value('spool_limit_bytes'))}`,
      `${value('spool_unsent_facts')} facts unsent`,
    ],
    [
      'lanes',
      `live ${value('lane_queued_facts', { lane: 'live' })}, records ${value('lane_queued_facts', { lane: 'records' })} waiting`,
      `lag ${seconds(value('lane_lag_seconds', { lane: 'live' }))}`,
    ],
    [
      'records',
      `${sumRate(now, before, `${prefix}sent_call_records_total`)} a second sent`,
      `${bytes(value('cdr_file_unread_bytes'))} unread, ${value('quarantined_items')} in quarantine`,
    ],
    ['pbx', `${value('live_calls')} calls`, `${value('endpoints')} endpoints`],
  ])
}

/** Counters of faults that are not 0: those that grew since the last look first, then the greatest. */
function faultLines(now: Reading, before: Reading | undefined): string[] {
  const found = now.metrics
    .all(faults)
    .filter(({ value }) => value > 0)
    .map(({ name, labels, value }) => {
      const grown = before ? value - (before.metrics.value(name, labels) ?? 0) : 0
      return { event: labels['event'] ?? name, value, grown }
    })
    .sort((a, b) => b.grown - a.grown || b.value - a.value)
  if (found.length === 0) return []
  const rows = found
    .slice(0, faultsMax)
    .map(({ event, value, grown }) => [event, String(value), grown > 0 ? `+${grown}` : ''])
  const more = found.length > faultsMax ? [`and ${found.length - faultsMax} more`] : []
  return ['', ...columns([['counter', 'since the start', 'now'], ...rows]), ...more]
}

function checkLines({ health: { checks } }: Reading): string[] {
  const bad = checks.filter(({ state }) => state !== 'ok')
  return bad.flatMap(({ id, state, reason, repair }) => [
    '',
    `${state} ${id}: ${reason}`,
    ...(repair === undefined
      ? []
      : repair
          .trimEnd()
          .split('\n')
          .map((line) => `  ${line}`)),
  ])
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Growth a second since `before`, or `-` without it or after a restart of the bridge. */
function rate(now: Reading, before: Reading | undefined, name: string, labels: Record<string, string>): string {
  return growth(now.metrics.value(name, labels), before?.metrics.value(name, labels), now, before)
}

function sumRate(now: Reading, before: Reading | undefined, name: string): string {
  return growth(now.metrics.sum(name), before?.metrics.sum(name), now, before)
}

function growth(
  value: number | undefined,
  earlier: number | undefined,
  now: Reading,
  before: Reading | undefined,
): string {
  const ms = now.atMs - (before?.atMs ?? now.atMs)
  if (value === undefined || earlier === undefined || ms <= 0 || value < earlier) return '-'
  return (((value - earlier) * 1000) / ms).toFixed(1)
}

/** Texts of Asterisk must not command the terminal. A tab would break the columns. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
}

export function seconds(value: number | undefined): string {
  if (value === undefined) return '-'
  if (value === 0) return '0 s'
  if (value < 0.001) return `${(value * 1000).toFixed(2)} ms`
  return value < 1 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(1)} s`
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  const at = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, value)) / 10)))
  const scaled = value / 1024 ** at
  return `${at === 0 ? scaled : scaled.toFixed(scaled < 10 ? 1 : 0)} ${units[at]}`
}

export function span(value: number): string {
  const whole = Math.max(0, Math.floor(value))
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`
}
