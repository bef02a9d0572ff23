import type { Clock } from '../operate/clock.ts'
import type { CounterId } from '../operate/metrics/counter-catalogue.ts'
import type { Durations } from '../operate/metrics/durations.ts'
import type { SpoolRecord } from '../spool/segment.ts'
import type { Spool } from '../spool/spool.ts'
import { AckCursor } from './ack-cursor.ts'
import type { Delivery, Destination } from './delivery.ts'
import type { LateFact } from './late-facts.ts'
import { LateLane } from './late-lane.ts'
import { LiveLane } from './live-lane.ts'
import type { Packer } from './pack.ts'

export interface LanesDependencies {
  live: Destination
  records: Destination
  packer: Packer
  delivery: Delivery
  spool: Spool
  heartbeat(): string | undefined
  /** See `onAllSent` of the late lane. */
  onLateFactsSent(facts: readonly LateFact[], isEverything: boolean): void
  onCount(id: CounterId, count: number): void
  clock?: Clock
  durations?: Durations
}

/**
 * Sends facts from the spool to SQS: to the queue `live` while they are fresh, to `records` once they are late. Acknowledges
 * each in the spool after SQS has accepted it.
 */
export class Lanes {
  readonly live: LiveLane
  readonly late: LateLane

  constructor(dependencies: LanesDependencies, recovered: { acked: number; next: number }) {
    const cursor = new AckCursor(recovered.acked)
    const { packer, delivery, spool } = dependencies
    const onSent = (from: number, to: number) => spool.ack(cursor.complete(from, to))
    const clock = dependencies.clock && { clock: dependencies.clock }
    this.late = new LateLane({
      to: dependencies.records,
      packer,
      delivery,
      spool,
      onSent,
      isLiveLaneBusy: () => spool.isWriting || this.live.isBusy,
      onTooOld: (count) => dependencies.onCount('facts-too-old', count),
      onAllSent: dependencies.onLateFactsSent,
      ...clock,
    })
    this.live = new LiveLane({
      to: dependencies.live,
      packer,
      delivery,
      onSent,
      onLate: (from, to) => this.late.add(from, to),
      heartbeat: dependencies.heartbeat,
      ...(dependencies.durations && { durations: dependencies.durations }),
      ...clock,
    })
    // Facts of an earlier process are late: the new epoch publishes the current state.
    this.late.add(recovered.acked, recovered.next)
  }

  offer(records: readonly SpoolRecord[]): void {
    this.live.offer(records)
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.live.run(signal), this.late.run(signal)])
  }
}
