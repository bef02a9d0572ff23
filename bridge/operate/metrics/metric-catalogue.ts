import { type CounterId, counterCatalogue, isCounterId } from './counter-catalogue.ts'
import { type CounterKind, counterKinds, kindsOfCounters } from './counter-kinds.ts'
import { type DurationId, durationCatalogue, durationIds } from './durations.ts'
import type { MetricFamily } from './text-format.ts'

export const prefix = 'switchhook_bridge_'

interface MetricEntry {
  type: MetricFamily['type']
  help: string
  labels: readonly string[]
}

/** Gauges, and the metrics that every program for Prometheus has, by full name. */
export const gaugeCatalogue = {
  switchhook_bridge_info: {
    help: 'Always 1; the labels are the versions of the bridge and of Asterisk.',
    labels: ['version', 'asterisk'],
  },
  switchhook_bridge_component_up: { help: 'Whether a component works: 1 or 0.', labels: ['component'] },
  switchhook_bridge_component_since_timestamp_seconds: {
    help: 'When a component came up or went down, Unix time.',
    labels: ['component'],
  },
  switchhook_bridge_check_state: { help: 'Result of a check: 0 ok, 1 warning, 2 failed.', labels: ['check'] },
  switchhook_bridge_spool_bytes: { help: 'Bytes of the spool on disk and in memory.', labels: [] },
  switchhook_bridge_spool_limit_bytes: { help: 'Bytes at which the spool is full and facts are dropped.', labels: [] },
  switchhook_bridge_spool_unsent_facts: { help: 'Facts in the spool that SQS has not accepted.', labels: [] },
  switchhook_bridge_lane_queued_facts: { help: 'Facts that wait for a lane.', labels: ['lane'] },
  switchhook_bridge_lane_lag_seconds: {
    help: 'Age of the oldest fact that waits for the live lane; 0 if none does.',
    labels: ['lane'],
  },
  switchhook_bridge_cdr_file_unread_bytes: { help: 'Bytes of the CDR file that the bridge has not read.', labels: [] },
  switchhook_bridge_quarantined_items: { help: 'Items and call records in the quarantine.', labels: [] },
  switchhook_bridge_last_gap_timestamp_seconds: {
    help: 'End of the last gap of this process, Unix time; absent without one.',
    labels: [],
  },
  switchhook_bridge_live_pace_seconds: { help: 'Shortest time between two messages of the live lane.', labels: [] },
  switchhook_bridge_clock_offset_seconds: {
    help: "The cloud's time minus that of this machine; absent before the first answer.",
    labels: [],
  },
  switchhook_bridge_live_calls: { help: 'Calls that Asterisk has.', labels: [] },
  switchhook_bridge_endpoints: { help: 'Endpoints that the bridge knows.', labels: [] },
  process_start_time_seconds: { help: 'When the process started, Unix time.', labels: [] },
  process_resident_memory_bytes: { help: 'Resident memory.', labels: [] },
} as const satisfies Record<string, Omit<MetricEntry, 'type'>>
export type GaugeName = keyof typeof gaugeCatalogue

const histogramHelp: Readonly<Record<(typeof durationCatalogue)[DurationId]['metric'], string>> = {
  hop_duration_seconds: 'Time that an event or a call record takes for a hop of its way to SQS.',
  send_duration_seconds: 'Time of a call of SQS, whether it succeeds or not.',
  call_record_age_seconds: 'Time from the end of a call until SQS has accepted its record.',
}

export const counterName = (kind: CounterKind) => `${prefix}${kind}_total`
export const histogramName = (id: DurationId) => `${prefix}${durationCatalogue[id].metric}`
export const counterIds = (kind: CounterKind): CounterId[] =>
  Object.keys(counterCatalogue)
    .filter(isCounterId)
    .filter((id) => counterCatalogue[id].kind === kind)

/** Every metric by its name. `docs/operate.md` has the table. */
export function metricCatalogue(): ReadonlyMap<string, MetricEntry> {
  const gauges = Object.entries(gaugeCatalogue).map(([name, entry]) => [name, { type: 'gauge', ...entry }] as const)
  const counters = kindsOfCounters.map(
    (kind) => [counterName(kind), { type: 'counter', help: counterKinds[kind], labels: ['event'] }] as const,
  )
  const histograms = durationIds.map((id) => {
    const { metric, labels } = durationCatalogue[id]
    return [
      `${prefix}${metric}`,
      { type: 'histogram', help: histogramHelp[metric], labels: Object.keys(labels) },
    ] as const
  })
  const cpu = { type: 'counter', help: 'Time of the processor that the process has used.', labels: [] } as const
  return new Map<string, MetricEntry>([...gauges, ...counters, ...histograms, ['process_cpu_seconds_total', cpu]])
}
