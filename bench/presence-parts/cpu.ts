import { readFileSync } from 'node:fs'
import type { AriEvent } from '../../bridge/normalise/events.ts'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import { Stamp } from '../../bridge/normalise/stamp.ts'
import { median } from '../figure.ts'

const passes = 400
const recordings = ['internal_answered', 'internal_busy', 'transfer_attended', 'trunk_in', 'registration']

/** Microseconds of CPU an event that the bridge reads: to reduce it, find what changed and write that; and to parse it. */
export function cpuPerEvent(): { reduce: number; parse: number } {
  const lines = recordings.flatMap((name) => readFileSync(`test/recordings/${name}.jsonl`, 'utf8').trim().split('\n'))
  const frames = lines.map((line) => Buffer.from(line))
  const read = frames.map(readFrame)
  const events = read.flatMap((frame): AriEvent[] => (frame.kind === 'event' ? [frame.event] : []))
  const used = frames.filter((_, n) => read[n]?.kind === 'event')
  const now = '2026-11-24T08:00:00.000Z'
  const reduce = () => {
    const state = new PbxState()
    const stamp = new Stamp('office', 1)
    let bytes = 0
    for (const event of events) {
      for (const fact of state.apply(event, now)) bytes += JSON.stringify(stamp.event(fact, now)).length
    }
    return bytes
  }
  const parse = () => used.reduce((sum, frame) => sum + (readFrame(frame).kind === 'event' ? 1 : 0), 0)
  return { reduce: perEvent(reduce, events.length), parse: perEvent(parse, events.length) }
}

function perEvent(run: () => number, events: number): number {
  for (let n = 0; n < 50; n += 1) run()
  const taken = Array.from({ length: 9 }, () => {
    const before = process.cpuUsage()
    for (let n = 0; n < passes / 9; n += 1) run()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / (Math.ceil(passes / 9) * events)
  })
  return median(taken)
}
