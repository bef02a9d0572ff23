import type { Clock } from '../operate/clock.ts'
import type { SpoolRecord } from '../spool/segment.ts'
import type { Spool } from '../spool/spool.ts'
import { AckCursor } from './ack-cursor.ts'
import type { Delivery, Destination } from './delivery.ts'
import { type LateFact, LateLane } from './late-lane.ts'
import { LiveLane } from './live-lane.ts'
import type { Packer } from './pack.ts'

export interface LanesDependencies {
  live: Destination
  records: Destination
  packer: Packer
  delivery: Delivery
  spool: Spool
  heartbeat(): string | undefined
  onLateFactsSent(touched: readonly LateFact[], isEverything: boolean): void
  onCount(errorId: string, count: number): void
  clock?: Clock
}

/** The way of facts from the spool to SQS: `live` while they are news, `records` once they are late, each acked once sent. */
export class Lanes {
  readonly live: LiveLane
  readonly late: LateLane

  constructor(parts: LanesDependencies, recovered: { acked: number; next: number }) {
    const cursor = new AckCursor(recovered.acked)
    const onSent = (from: number, to: number) => parts.spool.ack(cursor.complete(from, to))
    const { packer, delivery, spool } = parts
    const clock = parts.clock && { clock: parts.clock }
    this.late = new LateLane({
      to: parts.records,
      packer,
      delivery,
      spool,
      onSent,
      isLiveLaneBusy: () => spool.isWriting || this.live.isBusy,
      onTooOld: (count) => parts.onCount('facts-too-old', count),
      onDrained: parts.onLateFactsSent,
      ...clock,
    })
    this.live = new LiveLane({
      to: parts.live,
      packer,
      delivery,
      onSent,
      onLate: (from, to) => this.late.add(from, to),
      heartbeat: parts.heartbeat,
      ...clock,
    })
    // What an earlier process left is late by now: the new epoch asserts what is.
    this.late.add(recovered.acked, recovered.next)
  }

  offer(records: readonly SpoolRecord[]): void {
    this.live.offer(records)
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.live.run(signal), this.late.run(signal)])
  }
}
