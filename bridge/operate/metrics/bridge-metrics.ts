import type { Check } from '../checks.ts'
import type { Counters } from '../counters.ts'
import type { Health } from '../health.ts'
import { kindsOfCounters } from './counter-kinds.ts'
import { type Durations, durationCatalogue, durationIds } from './durations.ts'
import { counterIds, counterName, type GaugeName, histogramName, metricCatalogue } from './metric-catalogue.ts'
import { formatMetrics, type MetricFamily, numberText, type Sample } from './text-format.ts'

const checkValue: Readonly<Record<Check['state'], number>> = { ok: 0, warning: 1, failed: 2 }

/** What no part of `/healthz` has. Absent figures have no line. */
export interface Figures {
  spoolBytesMax: number
  liveLagMs: number
  cdrUnreadBytes: number
  paceMs: number
  /** Absent before the first answer of the cloud. */
  clockOffsetMs: number | undefined
  liveCalls: number
  endpoints: number
}

/** Of the process itself, as `node:process` gives it. */
export interface ProcessFigures {
  cpuSeconds: number
  residentBytes: number
  startedAtSeconds: number
}

/** Returns the metrics of a bridge in Prometheus's text format. No label has a value of a person. */
export function bridgeMetrics(
  health: Health,
  figures: Figures,
  { counters, durations, process }: { counters: Counters; durations: Durations; process: ProcessFigures },
): string {
  const gauges: Record<GaugeName, readonly Sample[]> = {
    switchhook_bridge_info: [
      { labels: { version: health.version ?? 'unknown', asterisk: health.asterisk ?? 'unknown' }, value: 1 },
    ],
    ...componentGauges(health),
    switchhook_bridge_check_state: health.checks.map(({ id, state }) => ({
      labels: { check: id },
      value: checkValue[state],
    })),
    ...queueGauges(health, figures),
    switchhook_bridge_quarantined_items: [{ value: health.quarantined }],
    switchhook_bridge_last_gap_timestamp_seconds: health.lastGap
      ? [{ value: Date.parse(health.lastGap.to) / 1000 }]
      : [],
    switchhook_bridge_live_pace_seconds: [{ value: figures.paceMs / 1000 }],
    switchhook_bridge_clock_offset_seconds:
      figures.clockOffsetMs === undefined ? [] : [{ value: figures.clockOffsetMs / 1000 }],
    switchhook_bridge_live_calls: [{ value: figures.liveCalls }],
    switchhook_bridge_endpoints: [{ value: figures.endpoints }],
    process_start_time_seconds: [{ value: process.startedAtSeconds }],
    process_resident_memory_bytes: [{ value: process.residentBytes }],
  }
  const families: MetricFamily[] = [
    ...Object.entries(gauges).map(([name, samples]) => family(name, samples)),
    ...kindsOfCounters.map((kind) =>
      family(
        counterName(kind),
        // From the first moment on with 0: a rate needs two values, and the first fault would go unseen.
        counterIds(kind).map((event) => ({ labels: { event }, value: counters.get(event) })),
      ),
    ),
    family('process_cpu_seconds_total', [{ value: process.cpuSeconds }]),
    ...histograms(durations),
  ]
  return formatMetrics(families)
}

function componentGauges({ components }: Health) {
  const all = Object.entries(components)
  return {
    switchhook_bridge_component_up: all.map(([component, { status }]) => ({
      labels: { component },
      value: status === 'up' ? 1 : 0,
    })),
    switchhook_bridge_component_since_timestamp_seconds: all.map(([component, { since }]) => ({
      labels: { component },
      value: Date.parse(since) / 1000,
    })),
  }
}

function queueGauges({ components: { spool, live, records } }: Health, figures: Figures) {
  return {
    switchhook_bridge_spool_bytes: [{ value: spool?.bytes ?? 0 }],
    switchhook_bridge_spool_limit_bytes: [{ value: figures.spoolBytesMax }],
    switchhook_bridge_spool_unsent_facts: [{ value: spool?.unsent ?? 0 }],
    switchhook_bridge_lane_queued_facts: [
      { labels: { lane: 'live' }, value: live?.queued ?? 0 },
      { labels: { lane: 'records' }, value: records?.queued ?? 0 },
    ],
    switchhook_bridge_lane_lag_seconds: [{ labels: { lane: 'live' }, value: figures.liveLagMs / 1000 }],
    switchhook_bridge_cdr_file_unread_bytes: [{ value: figures.cdrUnreadBytes }],
  }
}

function histograms(durations: Durations): MetricFamily[] {
  const byName = Map.groupBy(durationIds, histogramName)
  return [...byName].map(([name, ids]) =>
    family(
      name,
      ids.flatMap((id): Sample[] => {
        const { labels } = durationCatalogue[id]
        const { buckets, sum } = durations.snapshot(id)
        const lines = buckets.map(({ bound, count }) => {
          return { suffix: '_bucket', labels: { ...labels, le: numberText(bound) }, value: count }
        })
        const count = buckets.at(-1)?.count ?? 0
        return [...lines, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: count }]
      }),
    ),
  )
}

const catalogue = metricCatalogue()

function family(name: string, samples: readonly Sample[]): MetricFamily {
  const entry = catalogue.get(name)
  if (!entry) throw new Error(`the catalogue has no metric ${name}`)
  return { name, type: entry.type, help: entry.help, samples }
}
