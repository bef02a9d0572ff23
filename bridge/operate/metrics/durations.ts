import type { Clock } from '../clock.ts'
import { Histogram } from './histogram.ts'

/** From a tenth of a millisecond, which reducing an event takes, to 30 s, after which a fact is late. */
const hopBounds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const
/** A call of SQS ends after 10 s at most. */
const sendBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
/** From the second in which a record is written to the outage of a day. */
const ageBounds = [1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400] as const

interface DurationEntry {
  metric: 'hop_duration_seconds' | 'send_duration_seconds' | 'call_record_age_seconds'
  labels: Readonly<Record<string, string>>
  bounds: readonly number[]
  means: string
}

const hop = (name: string, means: string) =>
  ({ metric: 'hop_duration_seconds', labels: { hop: name }, bounds: hopBounds, means }) as const
const send = (lane: string) =>
  ({
    metric: 'send_duration_seconds',
    labels: { lane },
    bounds: sendBounds,
    means: `A call of SQS for the lane ${lane}.`,
  }) as const

/** What the bridge measures. The hops follow one another: their sum is the way of an event, or of a record, to SQS. */
export const durationCatalogue = {
  asterisk: hop(
    'asterisk',
    "From Asterisk's time stamp of an event until the bridge handles it; 0 if its clock is ahead.",
  ),
  reduce: hop('reduce', 'From an event to its facts in the spool.'),
  spool: hop('spool', 'From the spool until the fact is on the disk.'),
  live: hop('live', 'From the disk until SQS has accepted the fact on the live lane.'),
  records: hop('records', 'From the CDR file until SQS has accepted a batch of records.'),
  'send-live': send('live'),
  'send-records': send('records'),
  'record-age': {
    metric: 'call_record_age_seconds',
    labels: {},
    bounds: ageBounds,
    means: 'From the end of a call until SQS has accepted its record.',
  },
} as const satisfies Record<string, DurationEntry>
export type DurationId = keyof typeof durationCatalogue
const isDurationId = (name: string): name is DurationId => Object.hasOwn(durationCatalogue, name)
export const durationIds = Object.keys(durationCatalogue).filter(isDurationId)

/** Measures how long each hop takes since the process started. */
export class Durations {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'nowMs'>
  readonly #histograms = new Map<DurationId, Histogram>()

  constructor(clock: Pick<Clock, 'monotonicMs' | 'nowMs'>) {
    this.#clock = clock
  }

  /** Begins a measurement by the clock that never goes back. */
  start(): number {
    return this.#clock.monotonicMs()
  }

  /** Ends a measurement. */
  end(id: DurationId, startMs: number): void {
    this.#observe(id, this.#clock.monotonicMs() - startMs)
  }

  /** Measures from a time by the wall clock, Unix milliseconds, until now. */
  endFrom(id: DurationId, fromMs: number): void {
    this.#observe(id, this.#clock.nowMs() - fromMs)
  }

  #observe(id: DurationId, ms: number): void {
    this.#of(id).observe(Math.max(0, ms) / 1000)
  }

  #of(id: DurationId): Histogram {
    const known = this.#histograms.get(id)
    if (known) return known
    const histogram = new Histogram(durationCatalogue[id].bounds)
    this.#histograms.set(id, histogram)
    return histogram
  }

  snapshot(id: DurationId) {
    return this.#of(id).snapshot()
  }
}
