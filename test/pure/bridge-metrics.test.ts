import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkIds } from '../../bridge/operate/checks.ts'
import { type ComponentState, Components } from '../../bridge/operate/components.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { type Health, summarizeHealth } from '../../bridge/operate/health.ts'
import { bridgeMetrics, type Figures } from '../../bridge/operate/metrics/bridge-metrics.ts'
import { counterCatalogue, isCounterId } from '../../bridge/operate/metrics/counter-catalogue.ts'
import { Durations, durationCatalogue, durationIds } from '../../bridge/operate/metrics/durations.ts'
import { Histogram } from '../../bridge/operate/metrics/histogram.ts'
import { metricCatalogue } from '../../bridge/operate/metrics/metric-catalogue.ts'
import { formatMetrics } from '../../bridge/operate/metrics/text-format.ts'
import { parseMetrics } from '../support/prometheus.ts'

const since = '2026-11-30T12:00:00.000Z'
const up = { status: 'up', reason: 'works', since } as const
const health: Health = summarizeHealth({
  site: 'office',
  version: '1.2.3',
  asterisk: '22.4.1',
  components: {
    ari: up,
    ami: { ...up, status: 'down', reason: 'the password of 0612345678 is wrong' },
    spool: { ...up, bytes: 4096, unsent: 3 },
    live: { ...up, queued: 2 },
    records: { ...up, queued: 1 },
  },
  quarantined: 7,
  lastGap: { from: since, to: since, reason: 'no answer to pings' },
  counters: {},
  checks: [
    { id: 'clock', state: 'ok', reason: 'right' },
    { id: 'cdr-growth', state: 'warning', reason: '3 calls', repair: 'batch = no' },
    { id: 'cdr-zone', state: 'failed', reason: 'an hour', repair: 'cdr.zone' },
  ],
})
const figures: Figures = {
  spoolBytesMax: 512 * 1024 ** 2,
  liveLagMs: 1250,
  cdrUnreadBytes: 300,
  paceMs: 100,
  clockOffsetMs: -90_000,
  liveCalls: 4,
  endpoints: 60,
}
const process = { cpuSeconds: 1.5, residentBytes: 80_000_000, startedAtSeconds: 1_796_040_000.123 }

function metricsOf({ now = health, counters = new Counters(), durations = new Durations(stopped) } = {}) {
  return parseMetrics(bridgeMetrics(now, figures, { counters, durations, process }))
}
const stopped = { monotonicMs: () => 0, nowMs: () => Date.parse(since) }
const value = (families: ReturnType<typeof parseMetrics>, name: string, labels: object = {}) =>
  [...families.values()]
    .flatMap(({ samples }) => samples)
    .find((sample) => sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels))?.value

test('every metric of the catalogue is exposed from the start, with its type and help', () => {
  const families = metricsOf()
  expect([...families.keys()].sort()).toEqual([...metricCatalogue().keys()].sort())
  for (const [name, { type, help }] of metricCatalogue()) expect(families.get(name)).toMatchObject({ type, help })
})

test('every counter of the catalogue is exposed as 0 before its first event, once', () => {
  const counters = [...metricsOf()].filter(([name, { type }]) => type === 'counter' && name.startsWith('switchhook_'))
  const events = counters.flatMap(([, { samples }]) => samples.map(({ labels }) => labels['event']))
  expect(events.sort()).toEqual(Object.keys(counterCatalogue).sort())
  expect(counters.flatMap(([, { samples }]) => samples).every((sample) => sample.value === 0)).toBe(true)
})

test('names and labels follow the naming rules of Prometheus: base units, and _total for counters alone', () => {
  for (const [name, { type, labels }] of metricCatalogue()) {
    expect(name).toMatch(/^(switchhook_bridge|process)_[a-z]+(_[a-z]+)*$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|mb|mib|percent|count|sum|bucket)(_|$)/)
    expect(type === 'histogram').toBe(/_seconds$/.test(name) && /(duration|age)/.test(name))
    for (const label of labels) expect(label).toMatch(/^[a-z]+$/)
  }
})

test('shows the figures, in base units', () => {
  const counters = new Counters()
  counters.add('spool-full', 3)
  counters.add('command-no-answer')
  const families = metricsOf({ counters })
  const shown = (name: string, labels?: object) => value(families, `switchhook_bridge_${name}`, labels)
  expect(shown('info', { version: '1.2.3', asterisk: '22.4.1' })).toBe(1)
  expect(shown('component_up', { component: 'ari' })).toBe(1)
  expect(shown('component_up', { component: 'ami' })).toBe(0)
  expect(shown('component_since_timestamp_seconds', { component: 'ami' })).toBe(Date.parse(since) / 1000)
  expect(['clock', 'cdr-growth', 'cdr-zone'].map((check) => shown('check_state', { check }))).toEqual([0, 1, 2])
  expect(shown('spool_bytes')).toBe(4096)
  expect(shown('spool_unsent_facts')).toBe(3)
  expect(shown('lane_queued_facts', { lane: 'live' })).toBe(2)
  expect(shown('lane_lag_seconds', { lane: 'live' })).toBe(1.25)
  expect(shown('clock_offset_seconds')).toBe(-90)
  expect(shown('live_pace_seconds')).toBe(0.1)
  expect(shown('last_gap_timestamp_seconds')).toBe(Date.parse(since) / 1000)
  expect(shown('dropped_total', { event: 'spool-full' })).toBe(3)
  expect(shown('commands_total', { event: 'command-no-answer' })).toBe(1)
  expect(value(families, 'process_start_time_seconds')).toBe(1_796_040_000.123)
})

test('leaves out a gap that never was, and a clock that is not known', () => {
  const { lastGap: _, ...withoutGap } = health
  const text = bridgeMetrics(
    withoutGap,
    { ...figures, clockOffsetMs: undefined },
    { counters: new Counters(), durations: new Durations(stopped), process },
  )
  expect(parseMetrics(text).has('switchhook_bridge_last_gap_timestamp_seconds')).toBe(false)
  expect(parseMetrics(text).has('switchhook_bridge_clock_offset_seconds')).toBe(false)
})

test('no label has a value of a person: reasons stay out, and each label has a short list of values', () => {
  const allowed: Record<string, readonly string[]> = {
    component: Object.keys(health.components),
    check: checkIds,
    event: Object.keys(counterCatalogue),
    lane: ['live', 'records'],
    hop: ['asterisk', 'reduce', 'spool', 'live', 'records'],
  }
  for (const { samples } of metricsOf().values()) {
    for (const { labels } of samples) {
      for (const [name, text] of Object.entries(labels)) {
        if (name in allowed) expect(allowed[name]).toContain(text)
        else expect(['le', 'version', 'asterisk']).toContain(name)
      }
    }
  }
})

test('any text in a label or a help is read back as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (version) => {
      const samples = [{ labels: { version }, value: 1 }]
      const text = formatMetrics([{ name: 'a', type: 'gauge', help: `b${version}`, samples }])
      expect(parseMetrics(text).get('a')?.samples[0]?.labels['version']).toBe(version)
    }),
  )
})

test('a histogram counts each value in its bucket and every greater one', () => {
  const bounds = [0.001, 0.1, 1]
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.double({ min: 0, max: 3, noNaN: true }), fc.constantFrom(...bounds))),
      (values) => {
        const histogram = new Histogram(bounds)
        for (const one of values) histogram.observe(one)
        const { buckets, sum } = histogram.snapshot()
        expect(buckets).toEqual(
          [...bounds, Infinity].map((bound) => ({ bound, count: values.filter((one) => one <= bound).length })),
        )
        expect(sum).toBeCloseTo(values.reduce((total, one) => total + one, 0))
      },
    ),
  )
})

test('measures each hop in seconds; a clock of Asterisk that is ahead counts as 0, and no time is left out', () => {
  const clock = { monotonicMs: () => 250, nowMs: () => Date.parse(since) }
  const durations = new Durations(clock)
  for (const id of durationIds) durations.end(id, 100)
  durations.endFrom('asterisk', Date.parse(since) + 5000)
  durations.endFrom('asterisk', Number.NaN)
  const families = metricsOf({ durations })
  for (const id of durationIds) {
    const { metric, labels } = durationCatalogue[id]
    const name = `switchhook_bridge_${metric}`
    expect(value(families, `${name}_count`, labels)).toBe(id === 'asterisk' ? 2 : 1)
    expect(value(families, `${name}_sum`, labels)).toBeCloseTo(0.15)
  }
  expect(value(families, 'switchhook_bridge_hop_duration_seconds_bucket', { hop: 'asterisk', le: '0.0001' })).toBe(1)
})

test('an error is counted by its errorId, and one without a counter as another error', () => {
  const counters = new Counters()
  expect(isCounterId('ami-refused')).toBe(true)
  counters.addError({ errorId: 'ami-refused' } as never)
  counters.addError({ errorId: 'toString' } as never)
  expect(counters.snapshot()).toEqual({ 'ami-refused': 1, 'other-error': 1 })
})

test('a component says since when it is up or down: its start, then each change, whatever reasons come between', () => {
  let nowMs = Date.parse(since)
  const components = new Components({ nowMs: () => nowMs })
  let state: ComponentState = { isUp: false, reason: 'not connected yet' }
  components.add('ari', () => state)
  const at = (ms: number, next: ComponentState) => {
    nowMs = Date.parse(since) + ms
    state = next
    return components.read()['ari']
  }
  expect(at(5_000, state)).toEqual({ status: 'down', reason: 'not connected yet', since })
  expect(at(6_000, { isUp: false, reason: 'refused' })).toEqual({ status: 'down', reason: 'refused', since })
  const connected = '2026-11-30T12:00:07.000Z'
  expect(at(7_000, { isUp: true, reason: 'connected', queued: 1 })).toEqual({
    status: 'up',
    reason: 'connected',
    since: connected,
    queued: 1,
  })
  expect(at(60_000, { isUp: true, reason: 'connected' })?.since).toBe(connected)
  expect(at(61_000, { isUp: false, reason: 'closed' })?.since).toBe('2026-11-30T12:01:01.000Z')
})

test.each([
  ['a sample before its TYPE', '# HELP a b\na 1\n# TYPE a counter\n'],
  ['a metric twice', '# HELP a b\n# TYPE a gauge\na 1\na 2\n'],
  [
    'lines of a metric that are not together',
    '# HELP a b\n# TYPE a gauge\na 1\n# HELP c d\n# TYPE c gauge\n# HELP a b\n',
  ],
  ['a label twice', '# HELP a b\n# TYPE a gauge\na{x="1",x="2"} 1\n'],
  ['a quote that is not escaped', '# HELP a b\n# TYPE a gauge\na{x="""} 1\n'],
  ['a name with a hyphen', '# HELP a-b c\n# TYPE a-b gauge\na-b 1\n'],
  ['a value in words', '# HELP a b\n# TYPE a gauge\na one\n'],
  ['no last line feed', '# HELP a b\n# TYPE a gauge\na 1'],
  ['a histogram without +Inf', '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n'],
  [
    'a histogram that shrinks',
    '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
  ],
])('the reader of these tests refuses %s', (_, text) => {
  expect(() => parseMetrics(text)).toThrow()
})
