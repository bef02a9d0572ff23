import * as v from 'valibot'
import type { Snapshot } from '../../bridge/normalise/ari-objects.ts'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { Pipeline } from '../../bridge/pipeline.ts'
import { Presence } from '../../bridge/presence.ts'
import { BridgeEvent } from '../../contracts/events.ts'

export const silentLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/** Everything that Asterisk reports of phones, all of them idle. */
export function snapshotOf(...resources: string[]): Snapshot {
  return {
    endpoints: resources.map((resource) => ({ technology: 'PJSIP', resource, state: 'online' })),
    deviceStates: resources.map((resource) => ({ name: `PJSIP/${resource}`, state: 'NOT_INUSE' })),
    channels: [],
    bridges: [],
    linkedids: new Map(),
  }
}

/** The bridge's presence over a spool in memory and clocks that the test sets. */
export function presenceWorld({ lastSeenMs }: { lastSeenMs?: number } = {}) {
  const lines: BridgeEvent[] = []
  const clock = { wallMs: Date.parse('2026-11-30T12:00:00.000Z'), monotonicMs: 1_000 }
  const spool = { isFull: false }
  let epoch = 1_700_000_000
  const state = new PbxState()
  const pipeline = new Pipeline({
    site: 'office',
    state,
    spool: {
      append(bytes) {
        lines.push(v.parse(BridgeEvent, JSON.parse(bytes.toString())))
        return lines.length
      },
      hasRoom: () => !spool.isFull,
    },
    counters: new Counters(),
    nowMs: () => clock.wallMs,
  })
  const presence = new Presence({
    run: 'r',
    state,
    pipeline,
    counters: new Counters(),
    log: silentLog,
    takeEpoch: async () => (epoch += 1),
    lastSeenMs,
    nowMs: () => clock.wallMs,
    monotonicMs: () => clock.monotonicMs,
  })
  return {
    state,
    pipeline,
    presence,
    clock,
    spool,
    connect: (snapshot = snapshotOf('5860')) => presence.connected(snapshot, () => []),
    /** Both clocks go on, then the presence is ticked as each second. */
    async passes(ms: number) {
      clock.wallMs += ms
      clock.monotonicMs += ms
      await presence.tick()
    },
    /** The PBX is lost for long enough to be down. */
    async lose() {
      presence.disconnected(clock.wallMs)
      await this.passes(3_000)
    },
    /** Returns what was published since the last call. */
    published: () => lines.splice(0),
  }
}

/** Reads an event as the intake does. Throws for one that is malformed. */
export function eventOf(event: object) {
  const frame = readFrame(Buffer.from(JSON.stringify(event)))
  if (frame.kind !== 'event') throw new Error(`the event is ${frame.kind}`)
  return frame.event
}
