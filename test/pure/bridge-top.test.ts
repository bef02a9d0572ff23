import { expect, test } from 'vitest'
import { Counters } from '../../bridge/operate/counters.ts'
import { type Health, summarizeHealth } from '../../bridge/operate/health.ts'
import { bridgeMetrics, type Figures } from '../../bridge/operate/metrics/bridge-metrics.ts'
import { Durations } from '../../bridge/operate/metrics/durations.ts'
import { quantile, readMetrics } from '../../bridge/top/read-metrics.ts'
import { bytes, type Reading, readingOf, screen, seconds, span, summaryLine } from '../../bridge/top/screen.ts'
import { parseMetrics } from '../support/prometheus.ts'

const startMs = Date.parse('2026-11-30T12:00:00.000Z')
const since = '2026-11-30T12:00:00.000Z'
const up = { status: 'up', reason: 'works', since } as const
const components: Health['components'] = {
  ari: { ...up, reason: 'connected to Asterisk' },
  spool: { ...up, bytes: 2_097_152, unsent: 3 },
  live: { ...up, queued: 2 },
  records: { ...up, status: 'down', reason: 'connect ECONNREFUSED', since: '2026-11-30T12:58:20.000Z', queued: 1 },
}
const figures: Figures = {
  spoolBytesMax: 512 * 1024 ** 2,
  liveLagMs: 1250,
  cdrUnreadBytes: 300,
  paceMs: 100,
  clockOffsetMs: 0,
  liveCalls: 4,
  endpoints: 60,
}

/** A look at a bridge that has counted and measured so much by then. */
class Bridge {
  readonly counters = new Counters()
  readonly durations = new Durations({ monotonicMs: () => 30, nowMs: () => startMs })
  health: Omit<Health, 'status'> = {
    site: 'office',
    version: '1.2.3',
    asterisk: '22.4.1',
    components,
    quarantined: 7,
    counters: {},
    checks: [
      { id: 'clock', state: 'ok', reason: 'right' },
      { id: 'cdr-growth', state: 'warning', reason: 'no record was written', repair: 'In cdr.conf:\nbatch = no' },
    ],
  }

  get text(): string {
    const process = { cpuSeconds: 36, residentBytes: 80_000_000, startedAtSeconds: startMs / 1000 }
    return bridgeMetrics(summarizeHealth(this.health), figures, {
      counters: this.counters,
      durations: this.durations,
      process,
    })
  }

  readingAt(ms: number): Reading {
    return readingOf(startMs + ms, JSON.parse(JSON.stringify(summarizeHealth(this.health))), this.text)
  }
}

test('shows what is down and why, figures, and the checks with their repair', () => {
  const text = screen(new Bridge().readingAt(3_600_000), undefined).join('\n')
  for (const words of [
    'switchhook-bridge 1.2.3   site office   Asterisk 22.4.1   running for 1 h 0 min   2026-11-30T13:00:00Z',
    'DOWN: 1 of 4 components   memory 76 MiB   processor 1.0 % since the start',
    'records    down   1 min 40 s  connect ECONNREFUSED',
    'spool    2.0 MiB of 512 MiB         3 facts unsent',
    'live 2, records 1 waiting',
    '300 B unread, 7 in quarantine',
    'warning cdr-growth: no record was written\n  In cdr.conf:\n  batch = no',
  ])
    expect(text).toContain(words)
  expect(text).not.toContain('clock')
})

test('rates and percentiles are those between two looks', () => {
  const bridge = new Bridge()
  for (let n = 0; n < 1000; n += 1) bridge.durations.end('reduce', 0)
  const before = bridge.readingAt(0)
  for (let n = 0; n < 50; n += 1) bridge.durations.end('reduce', 29.9)
  bridge.counters.add('sent-live', 20)
  bridge.counters.add('cdrs-sent', 6)
  const now = bridge.readingAt(2_000)
  // 1,000 older observations of 30 ms do not count.
  expect(screen(now, before).join('\n')).toMatch(/^reduce\s+25\.0\s+0\.18 ms\s+0\.24 ms$/m)
  expect(summaryLine(now, before)).toBe(
    '2026-11-30T12:00:02.000Z down down=records checks=cdr-growth events=25.0 messages=10.0 records=3.0 unsent=3 lag=1.3s calls=4',
  )
})

test('without an earlier look, or after a restart of the bridge, shows no rate', () => {
  const bridge = new Bridge()
  bridge.counters.add('sent-live', 20)
  expect(summaryLine(bridge.readingAt(0), undefined)).toContain(' messages=- ')
  expect(summaryLine(new Bridge().readingAt(2_000), bridge.readingAt(0))).toContain(' messages=- ')
})

test('lists the counters of faults that are not 0: those that grow first, eight at most', () => {
  const bridge = new Bridge()
  const ids = [
    'ari-disconnected',
    'spool-full',
    'gap',
    'queue-unavailable',
    'cdr-line-malformed',
    'command-again',
  ] as const
  const more = ['ami-refused', 'epoch-unsaved', 'facts-too-old', 'body-refused'] as const
  for (const [n, id] of [...ids, ...more].entries()) bridge.counters.add(id, n + 1)
  bridge.counters.add('sent-live', 5)
  const before = bridge.readingAt(0)
  bridge.counters.add('gap', 2)
  const lines = screen(bridge.readingAt(2_000), before)
  const at = lines.findIndex((line) => line.startsWith('counter'))
  expect(lines[at + 1]).toMatch(/^gap\s+5\s+\+2$/)
  expect(lines[at + 2]).toMatch(/^body-refused\s+10$/)
  expect(lines.slice(at + 1).indexOf('and 2 more')).toBe(8)
  expect(lines.join('\n')).not.toContain('sent-live')
})

test('texts of Asterisk do not command the terminal', () => {
  const bridge = new Bridge()
  const evil = '\x1b[2J\x1b]0;owned\x07\r\n\u202e\u2028x\t'
  bridge.health = {
    ...bridge.health,
    asterisk: evil,
    components: { ari: { ...up, reason: evil } },
    checks: [{ id: 'ari', state: 'failed', reason: evil, repair: evil }],
  }
  const lines = [...screen(bridge.readingAt(0), undefined), summaryLine(bridge.readingAt(0), undefined)]
  for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
})

test('shows a bridge of an earlier version, which has no reasons, no times and no metrics', () => {
  const health = { site: 'office', status: 'up', components: { ari: { status: 'up' } }, counters: {}, extra: [1] }
  const reading = readingOf(startMs, health, '')
  expect(screen(reading, undefined).join('\n')).toMatch(/UP: all 1 components[\s\S]*^ari\s+up$/m)
  expect(summaryLine(reading, reading)).toContain('events=- messages=- ')
})

test('reads the same values as the reader of the tests, whose grammar is that of Prometheus', () => {
  const bridge = new Bridge()
  bridge.health = { ...bridge.health, asterisk: 'a "b" \\ \n c{d="e"} 1' }
  bridge.durations.end('live', 29)
  const expected = [...parseMetrics(bridge.text).values()].flatMap(({ samples }) => samples)
  expect(readMetrics(bridge.text)).toEqual(expected)
})

test.each([
  [[], 0.5, undefined],
  [
    [
      [1, 0],
      [Infinity, 0],
    ],
    0.5,
    undefined,
  ],
  [
    [
      [1, 10],
      [Infinity, 10],
    ],
    0.5,
    0.5,
  ],
  [
    [
      [1, 5],
      [2, 10],
      [Infinity, 10],
    ],
    0.95,
    1.9,
  ],
  // Nothing is known of what lies above the greatest bound.
  [
    [
      [1, 5],
      [2, 5],
      [Infinity, 10],
    ],
    0.95,
    2,
  ],
] as const)('the quantile of %j at %f is %f, as in Prometheus', (counts, share, expected) => {
  const found = quantile(
    counts.map(([bound, count]) => ({ bound, count })),
    share,
  )
  if (expected === undefined) expect(found).toBeUndefined()
  else expect(found).toBeCloseTo(expected)
})

test('times and sizes are short', () => {
  expect([undefined, 0, 0.00012, 0.0123, 1.25, 75].map((value) => seconds(value))).toEqual([
    '-',
    '0 s',
    '0.12 ms',
    '12 ms',
    '1.3 s',
    '75.0 s',
  ])
  expect([0, 1023, 1024, 1_500_000, 5e12].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.4 MiB', '4657 GiB'])
  expect([-5, 59.9, 61, 3_700, 200_000].map(span)).toEqual(['0 s', '59 s', '1 min 1 s', '1 h 1 min', '2 d 7 h'])
})
