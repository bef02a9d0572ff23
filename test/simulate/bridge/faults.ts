import { scanSegment } from '../../../bridge/spool/segment.ts'
import type { Chance } from './chance.ts'
import { cdrPath, stateFolder, type World } from './model-bridge.ts'

/** The part of a simulation that a fault changes. */
export interface FaultTarget {
  readonly world: World
  readonly chance: Chance
  halfLines: number
  crash(how: 'kill' | 'power', meanwhile?: () => void): void
  stopBridge(ms: number): void
  rotate(by: 'rename' | 'copy', compress: boolean): void
  writeMalformedLine(): void
  callNow(): void
  readonly excuseLoss: (line: string) => void
}

/** The faults of docs/durability.md that affect the bridge and its queue. Each function starts a fault, which ends by itself. */
export const faults: Readonly<Record<string, (target: FaultTarget, chance: Chance) => void>> = {
  kill: (s) => s.crash('kill'),
  'power-cut': (s) => s.crash('power'),
  'torn-write': (s) => {
    s.world.disk.tearNextWrite = () => s.crash(s.chance.in(0.5) ? 'kill' : 'power')
  },
  'bit-flip': (s) => s.crash('kill', () => flipBit(s)),
  'disk-full': (s, chance) => during(s, chance.between(1000, 15_000), (on) => (s.world.disk.isFull = on)),
  'fsync-error': (s) => {
    s.world.disk.failNextSync = true
  },
  'slow-fsync': (s, chance) => {
    const ms = chance.pick([15, 500])
    during(s, chance.between(2000, 20_000), (on) => (s.world.disk.syncMs = on ? ms : 0))
  },
  'checkpoint-damaged': (s) => s.crash('kill', () => damageSealed(s)),
  'uplink-down': (s, chance) => uplink(s, 'down', chance.between(5000, 60_000)),
  'ari-half-open': (s) => s.world.pbx.halfOpen(),
  'event-lost': (s) => {
    s.world.pbx.lost += 1
  },
  'ari-cut': (s) => s.world.pbx.cut(),
  'sqs-half-open': (s, chance) => uplink(s, 'hang', chance.between(1000, 15_000)),
  'reply-lost': (s, chance) => {
    s.world.queue.lostReplies += chance.whole(1, 4)
  },
  'slow-link': (s, chance) => uplink(s, 'slow', chance.between(5000, 30_000)),
  'no-dns': (s, chance) => uplink(s, 'no-dns', chance.between(1000, 20_000)),
  'http-500': (s, chance) => during(s, chance.between(5000, 40_000), (on) => (s.world.queue.isSeventhFailing = on)),
  'partial-failure': (s, chance) => {
    s.world.queue.partialFailures += chance.whole(1, 6)
  },
  poison: (s) => {
    s.world.queue.poisons += 1
  },
  throttled: (s, chance) => uplink(s, 'throttled', chance.between(1000, 40_000)),
  'one-lane-throttled': (s, chance) => {
    const lane = chance.pick(['live', 'records', 'records'])
    during(s, chance.between(10_000, 50_000), (on) => (s.world.queue.throttledLane = on ? lane : undefined))
  },
  denied: (s, chance) => uplink(s, 'denied', chance.between(1000, 20_000)),
  expired: (s, chance) => uplink(s, 'expired', chance.between(1000, 20_000)),
  'odd-line': (s) => s.writeMalformedLine(),
  'clock-moved': (s, chance) => {
    s.world.time.wallMs += chance.pick([-3_600_000, 3_600_000, -500, 86_400_000])
  },
  'rotated-by-rename': (s) => s.rotate('rename', false),
  'rotated-by-copy': (s) => s.rotate('copy', false),
  'rotated-compressed': (s, chance) => s.rotate(chance.pick(['rename', 'copy']), true),
  'rotated-while-stopped': (s, chance) =>
    s.crash('kill', () => {
      for (let turn = chance.whole(1, 4); turn > 0; turn -= 1) {
        s.rotate(chance.pick(['rename', 'copy']), chance.in(0.3))
        s.callNow()
      }
    }),
  'half-line': (s) => {
    s.halfLines += 1
  },
  'pbx-restart': (s, chance) => s.world.pbx.restart(chance.between(300, 8000)),
  'pbx-flaps': (s) => {
    for (const atMs of [0, 1500, 2500, 4000]) s.world.time.after(atMs, () => s.world.pbx.restart(500))
  },
  flood: (s, chance) => s.world.pbx.flood(chance.whole(500, 2500)),
  'bridge-stopped': (s, chance) => s.stopBridge(chance.between(2000, 60_000)),
  shuffled: (s, chance) => during(s, chance.between(10_000, 60_000), (on) => (s.world.queue.isShuffling = on)),
}

function during(s: FaultTarget, ms: number, set: (on: boolean) => void): void {
  set(true)
  s.world.time.after(ms, () => set(false))
}

function uplink(s: FaultTarget, state: typeof s.world.queue.uplink, ms: number): void {
  during(s, ms, (on) => (s.world.queue.uplink = on ? state : 'up'))
}

/** Flips a bit of a segment on disk. The record that contains it may be lost: the quarantine keeps its bytes. */
function flipBit({ world: { disk }, chance, excuseLoss }: FaultTarget): void {
  const segments = disk.paths.filter((path) => path.endsWith('.seg') && disk.content(path).length > 0)
  if (segments.length === 0) return
  const path = chance.pick(segments)
  const first = Number(/(\d{16})\.seg$/.exec(path)?.[1])
  const before = disk.content(path)
  const after = Buffer.from(before)
  const at = chance.whole(0, after.length)
  after[at] = (after[at] ?? 0) ^ (1 << chance.whole(0, 8))
  const left = new Set(scanSegment(after, first).records.map(({ number }) => number))
  for (const { number, payload } of scanSegment(before, first).records)
    if (!left.has(number)) excuseLoss(payload.toString())
  disk.damage(path, after)
}

function damageSealed({ world: { disk }, chance }: FaultTarget): void {
  const sealed = ['cdr-position', 'cdr-position-finished', 'heard', 'spool/acked']
    .map((name) => `${stateFolder}/${name}`)
    .filter((path) => disk.paths.includes(path))
  if (sealed.length === 0) return
  const path = chance.pick(sealed)
  const content = disk.content(path)
  disk.damage(
    path,
    chance.in(0.5) ? content.subarray(0, chance.whole(0, content.length)) : Buffer.from(`00000000 ${cdrPath}`),
  )
}
