import * as v from 'valibot'
import { expect, test } from 'vitest'
import { Delivery } from '../../bridge/forward/delivery.ts'
import { LiveLane } from '../../bridge/forward/live-lane.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import type { SendOutcome } from '../../bridge/forward/sender.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import { type Check, checkResults } from '../../bridge/operate/checks.ts'
import type { Clock } from '../../bridge/operate/clock.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { PbxLink } from '../../bridge/pbx-link.ts'
import { Pipeline } from '../../bridge/pipeline.ts'
import { Publisher } from '../../bridge/publisher.ts'
import { Quarantine } from '../../bridge/spool/quarantine.ts'
import { recommendedMapping } from '../../contracts/cdr-row/layout.ts'
import { BridgeEvent, GapEvent, HeartbeatEvent } from '../../contracts/events.ts'
import { CheckResult } from '../../contracts/facts.ts'
import { formatVersion } from '../../contracts/version.ts'
import type { SiteFold } from '../../functions/domain/presence-fold.ts'
import { bridgeStatus } from '../../functions/http/endpoints/bridge-status.ts'
import { lastSeenRecorder } from '../../functions/queues/push-presence/last-seen.ts'
import type { BridgeSighting } from '../../functions/stores/sites.ts'

const time = '2026-11-30T12:00:00.000Z'
const later = '2026-11-30T12:05:00.000Z'
const log = createLog({ level: 'error', write: () => undefined })
const attributes = { specversion: '1.0', source: '/sites/office/bridge', subject: 'office', time } as const

/** `2.9` is fact 9 of epoch 2. */
const versionOf = (short: string) => {
  const [epoch = 0, seq = 0] = short.split('.').map(Number)
  return formatVersion(epoch, seq)
}
const heartbeat = (version: string, data: object = {}) =>
  v.parse(HeartbeatEvent, {
    ...attributes,
    type: 'switchhook.heartbeat.v1',
    id: `office/${version}`,
    v: versionOf(version),
    data: { run: 'a', pbx: 'up', pbxSince: time, counters: {}, ...data },
  })
const gap = (version: string, reason: string) =>
  v.parse(GapEvent, {
    ...attributes,
    type: 'switchhook.gap.v1',
    id: `office/${version}`,
    v: versionOf(version),
    data: { from: time, to: time, reason },
  })

const unreadable: Check = {
  id: 'cdr-file',
  state: 'failed',
  reason: `no record can be read: ${'x'.repeat(300)}`,
  repair: `In cdr_custom.conf:\n${recommendedMapping}`,
}

test('a heartbeat carries a check without a fault by its state alone, and another one with reason and repair', () => {
  const clock: Check = { id: 'clock', state: 'ok', reason: 'the clock agrees with the cloud' }
  const [ok, failed] = checkResults([clock, unreadable])
  expect(ok).toEqual({ id: 'clock', state: 'ok' })
  expect(failed).toMatchObject({ id: 'cdr-file', state: 'failed', repair: unreadable.repair })
  expect(failed?.reason).toHaveLength(200)
  for (const result of checkResults([clock, unreadable])) expect(v.parse(CheckResult, result)).toEqual(result)
})

test('a heartbeat carries the versions of bridge and Asterisk, the checks, and the last gap of the process', () => {
  const sent: BridgeEvent[] = []
  const counters = new Counters()
  const state = new PbxState()
  const spool = {
    append: (line: Buffer) => sent.push(v.parse(BridgeEvent, JSON.parse(line.toString()))),
    hasRoom: () => true,
  }
  const pipeline = new Pipeline({ site: 'office', state, spool, counters, nowMs: () => Date.parse(later) })
  const pbx = new PbxLink(() => 0)
  let asterisk: string | undefined
  const versions = { version: '1.2.3', asterisk: () => asterisk }
  const checks = () => [unreadable]
  const publisher = new Publisher({ run: 'a', ...versions, checks, counters, log, state, pipeline }, pbx)
  const beat = () => v.parse(HeartbeatEvent, JSON.parse(publisher.heartbeat() ?? '')).data
  pbx.connected(time)
  publisher.publishEpoch(1, undefined)
  expect(beat()).not.toHaveProperty('lastGap')
  expect(beat()).not.toHaveProperty('asterisk')
  asterisk = '22.4.1'
  publisher.publishEpoch(2, { sinceMs: Date.parse(time), reason: 'no answer to pings' })
  const lastGap = { from: time, to: later, reason: 'no answer to pings' }
  expect(sent.filter(({ type }) => type === 'switchhook.gap.v1').map(({ data }) => data)).toEqual([lastGap])
  expect(beat()).toMatchObject({ version: '1.2.3', asterisk: '22.4.1', lastGap, checks: [{ id: 'cdr-file' }] })
  expect(beat().counters).toEqual({ gap: 1 })
})

/** A clock on which every wait ends at once, for a single loop. */
function skippingClock(): Clock {
  let ms = Date.parse(time)
  return {
    nowMs: () => ms,
    monotonicMs: () => ms,
    after(waitMs, call) {
      const soon = setImmediate(() => {
        ms += waitMs
        call()
      })
      return () => clearImmediate(soon)
    },
    random: () => 0,
  }
}

test.each([
  ['a busy lane sends a heartbeat each minute beside its facts', true, 60_000],
  ['a quiet lane sends one each ten seconds', false, 10_000],
])('%s', async (_, isBusy, everyMs) => {
  const stop = new AbortController()
  const clock = skippingClock()
  const beats: number[] = []
  let facts = 0
  const offer = () => {
    facts += 1
    const payload = Buffer.from(JSON.stringify({ time: new Date(clock.nowMs()).toISOString(), type: 't' }))
    lane.offer([{ number: facts, payload }])
  }
  const sender = {
    async send(_queue: string, bodies: readonly string[]): Promise<SendOutcome[]> {
      if (isBusy) offer()
      if (beats.length === 5) stop.abort()
      return bodies.map(() => ({ kind: 'accepted' }))
    },
  }
  const counters = new Counters()
  const quarantine = new Quarantine('never-written')
  const lane = new LiveLane({
    to: { lane: 'live', queueUrl: 'live' },
    packer: new Packer({ site: 'office', key: 'k', sign: () => Buffer.alloc(64) }),
    delivery: new Delivery({ sender, quarantine, counters, log, clock }),
    onLate: () => undefined,
    onSent: () => undefined,
    heartbeat() {
      beats.push(clock.monotonicMs())
      return '{}'
    },
    clock,
  })
  lane.setPace(5_000)
  if (isBusy) offer()
  await lane.run(stop.signal)
  const pauses = beats.slice(1).map((at, n) => at - (beats[n] ?? 0))
  for (const pause of pauses) expect(Math.abs(pause - everyMs)).toBeLessThanOrEqual(5_000)
  expect(facts > 20).toBe(isBusy)
})

async function sightingsOf(...folds: Partial<SiteFold>[]): Promise<BridgeSighting[]> {
  const sightings: BridgeSighting[] = []
  const record = lastSeenRecorder({
    async recordSighting(_site, sighting) {
      sightings.push(sighting)
      return { isBack: false, isPbxNews: false }
    },
  })
  const nothing = { site: 'office', entities: [], ready: undefined, heartbeat: undefined, gaps: [] }
  for (const fold of folds) await record({ ...nothing, ...fold }, Date.parse(later))
  return sightings
}

test('the cloud stores the newest gap, whether its own event or a heartbeat brings it', async () => {
  const lastGap = { from: time, to: later, reason: 'spool full' }
  const sightings = await sightingsOf(
    { heartbeat: heartbeat('2.9', { lastGap }), gaps: [gap('2.5', 'bridge restarted')] },
    { heartbeat: heartbeat('2.9', { lastGap }), gaps: [gap('3.1', 'bridge restarted')] },
    { heartbeat: heartbeat('2.9', { lastGap }) },
    { heartbeat: heartbeat('2.9') },
  )
  expect(sightings.map((one) => one.lastGap?.reason)).toEqual([
    'spool full',
    'bridge restarted',
    'spool full',
    undefined,
  ])
})

test('a bridge that was replaced by an earlier version shows no checks of the newer one', async () => {
  const checks = [{ id: 'a-check-of-tomorrow', state: 'warning', reason: 'look' }]
  const [newer, facts, earlier] = await sightingsOf(
    { heartbeat: heartbeat('1.1', { checks, asterisk: '22.4.1' }) },
    { gaps: [gap('1.2', 'spool full')] },
    { heartbeat: heartbeat('2.1') },
  )
  expect(newer).toMatchObject({ checks, asterisk: '22.4.1' })
  expect(facts?.checks).toBeUndefined()
  expect(earlier?.checks).toEqual([])
})

test('the status of a bridge shows the version of Asterisk, and the checks of a bridge that sends them', () => {
  const row = { lastHeard: time, pbx: 'up' as const, pbxSince: time, asterisk: '22.4.1' }
  const checks = [{ id: 'clock', state: 'ok' as const }]
  expect(bridgeStatus({ ...row, checks }, Date.parse(time))).toMatchObject({ pbx: { version: '22.4.1' }, checks })
  expect(bridgeStatus({ ...row, checks: [] }, Date.parse(time))).not.toHaveProperty('checks')
})
