import { expect, test } from 'vitest'
import { awakeClock, type TimerWorker } from '../../client/awake-clock.ts'
import { type Cut, openKeepAlive } from '../../client/keep-alive.ts'
import { isSilent } from '../../dashboard/staleness.ts'
import { endpoint } from '../browser/support/facts.ts'
import { type ProxyLimits, SimulatedPage } from '../support/simulated-page.ts'

const minute = 60_000
const hour = 60 * minute
const defaults = { pingMs: 45_000, lifeMs: 110 * minute }

async function connected(limits?: ProxyLimits, options?: { hasWorker: boolean }): Promise<SimulatedPage> {
  const page = new SimulatedPage(limits, options)
  page.set(endpoint('5860', 'NOT_INUSE'))
  await page.clock.run(1_000)
  expect(page.live.status.state).toBe('connected')
  return page
}

test.each<[string, ProxyLimits, { reconnections: number; sockets: number }]>([
  ['a proxy that cuts at 60 s without a frame', { idleMs: minute }, { reconnections: 0, sockets: 5 }],
  ['a proxy that cuts at 30 s without a frame', { idleMs: 30_000 }, { reconnections: 2, sockets: 7 }],
  ['a proxy that cuts at an age of 10 minutes', { ageMs: 10 * minute }, { reconnections: 2, sockets: 62 }],
  ['a proxy that cuts at an age of 30 s', { ageMs: 30_000 }, { reconnections: 3, sockets: 1_205 }],
])('hidden for 8 hours behind %s, the page reconnects 3 times at most', async (_, limits, expected) => {
  const { reconnections, sockets } = expected
  const page = await connected(limits)
  page.hide(true)
  await page.clock.run(8 * hour)
  expect(page.reconnections).toBe(reconnections)
  expect(page.sockets).toBeLessThanOrEqual(sockets)
  expect(page.live.status.state).toBe('connected')
})

test('pings every 45 s, visible or hidden; a hidden page requests digests each 5 minutes', async () => {
  const page = await connected()
  await page.clock.run(45 * minute)
  expect(page.pings).toBe(59)
  const visible = page.frames.length
  page.hide(true)
  await page.clock.run(hour)
  const hidden = page.frames.slice(visible)
  expect([hidden.length, hidden.filter((frame) => 'topics' in frame).length]).toEqual([79, 11])
})

test('misses no change in 24 hours with 13 changes of socket, and leaves no socket or timer open', async () => {
  const page = await connected()
  const { clock, live } = page
  const timers = clock.timers
  const seen: string[] = []
  live.on('change', (changes) => seen.push(...changes.flatMap(({ entity }) => entity?.v ?? [])))
  const sent: string[] = []
  for (let passed = 0; passed < 24 * 60; passed += 5) {
    const change = endpoint('5860', passed % 2 ? 'INUSE' : 'NOT_INUSE')
    sent.push(change.v)
    page.push(change)
    await clock.run(5 * minute)
    expect(page.openSockets).toBe(1)
    // A frame may be on its way.
    expect(clock.timers).toBeLessThanOrEqual(timers + 2)
  }
  expect(seen).toEqual(sent)
  expect(page.sockets).toBe(14)
  expect(page.statuses).toEqual(['connected'])
  live.stop()
  expect([page.openSockets, clock.timers]).toEqual([0, 0])
})

test('forgets the limits of a proxy when the network has changed', async () => {
  const page = await connected({ idleMs: 20_000 })
  await page.clock.run(10 * minute)
  expect(page.reconnections).toBe(2)
  page.limits = {}
  page.setOnline(false)
  page.setOnline(true)
  const before = page.pings
  await page.clock.run(45 * minute)
  expect(page.pings - before).toBeLessThanOrEqual(61)
})

const idle = (idleMs: number, ageMs = idleMs): Cut => ({ ageMs, idleMs, survivedMs: ageMs === idleMs ? 0 : 40_000 })
const aged = (ageMs: number, idleMs: number): Cut => ({ ageMs, idleMs, survivedMs: 45_000 })

test.each<[string, Cut[], typeof defaults]>([
  ['one cut', [idle(30_000)], defaults],
  ['two cuts at ages that are not alike', [idle(30_000), idle(41_000)], defaults],
  ['two cuts at an alike age after silence', [idle(30_000), idle(31_000)], { ...defaults, pingMs: 24_800 }],
  ['another cut between them', [idle(30_000), aged(700_000, 3_000), idle(30_000)], { ...defaults, pingMs: 24_000 }],
  [
    'cuts after the same silence at other ages',
    [idle(44_000, 90_000), idle(44_000, 200_000)],
    { ...defaults, pingMs: 35_200 },
  ],
  ['cuts after silence that is longer than the default', [idle(60_000), idle(60_000)], defaults],
  [
    'two cuts at an alike age between pings',
    [aged(100_000, 10_000), aged(100_500, 10_500)],
    { ...defaults, lifeMs: 80_400 },
  ],
  [
    'an age that seemed idle time at first',
    [idle(30_000), idle(30_000), { ...aged(30_000, 6_000), survivedMs: 24_000 }],
    { ...defaults, lifeMs: 24_000 },
  ],
  ['a cloud that closes each socket at once', [idle(300), idle(300), idle(310)], defaults],
])('after %s', (_, cuts, { pingMs, lifeMs }) => {
  const keepAlive = openKeepAlive()
  for (const cut of cuts) keepAlive.learn(cut)
  expect([keepAlive.pingMs, keepAlive.lifeMs]).toEqual([pingMs, lifeMs])
  keepAlive.reset()
  expect(keepAlive).toMatchObject(defaults)
})

test.each([
  ['a monotonic clock that stopped', true, 40_000],
  ['a monotonic clock that stopped', true, 9 * hour],
  ['silence alone, since its monotonic clock went on', false, 9 * hour],
])(
  'after sleep, known by %s, the page shows the age of its data within 1 s and right data within 5 s',
  async (_, stopsMonotonic, ms) => {
    const page = await connected()
    const { clock, live } = page
    clock.stopsMonotonic = stopsMonotonic
    await clock.run(20_000)
    const lastFrameAt = Date.parse(live.heard?.lastHeard ?? '')
    page.sleep(ms)
    page.set(endpoint('5860', 'INUSE'))
    const shown: Pick<typeof live, 'status' | 'heard'>[] = []
    live.on('change', () => shown.push({ status: live.status, heard: live.heard }))
    await clock.run(1_000)
    const [first] = shown
    expect(first?.status.state).toBe('reconnecting')
    expect(Math.abs((first?.status.since ?? 0) - lastFrameAt)).toBeLessThan(1_000)
    expect(first?.heard).toMatchObject({ stale: true })
    expect(first?.heard && isSilent(first.heard)).toBe(true)
    await clock.run(4_000)
    expect(live.status.state).toBe('connected')
    expect(live.endpoints.get('PJSIP/5860')?.state.deviceState).toBe('INUSE')
    expect(live.heard && !live.heard.stale && !isSilent(live.heard)).toBe(true)
    expect(page.sockets).toBe(2)
  },
)

test('a page that wakes without network is offline since its last frame, and reconnects as soon as the network is back', async () => {
  const page = await connected()
  const heardAt = Date.parse(page.live.heard?.lastHeard ?? '')
  page.sleep(hour)
  page.setOnline(false)
  expect(page.live.status.state).toBe('offline')
  expect(Math.abs(page.live.status.since - heardAt)).toBeLessThan(1_000)
  await page.clock.run(10 * minute)
  expect(page.sockets).toBe(1)
  page.setOnline(true)
  await page.clock.run(1_000)
  expect(page.live.status.state).toBe('connected')
  expect(page.sockets).toBe(2)
})

test('a step of the wall clock costs one new socket, and a slow correction none', async () => {
  const page = await connected()
  for (let second = 0; second < 100; second++) {
    page.clock.step(-50)
    await page.clock.run(1_000)
  }
  expect(page.sockets).toBe(1)
  page.clock.step(-hour)
  await page.clock.run(hour)
  expect([page.sockets, page.live.status.state]).toEqual([2, 'connected'])
})

test('what was learnt is forgotten after 12 hours without a cut, and one alike cut is then enough to learn it again', () => {
  let now = 0
  const keepAlive = openKeepAlive(() => now)
  for (let n = 0; n < 2; n += 1) keepAlive.learn(idle(30_000))
  now += 12 * hour - 1
  expect(keepAlive.pingMs).toBe(24_000)
  now += 1
  expect(keepAlive).toMatchObject(defaults)
  keepAlive.learn(idle(30_500))
  expect(keepAlive.pingMs).toBe(24_400)
})

test('a page whose proxy is gone pings every 45 s again after 12 hours, and one whose proxy stays loses one connection', async () => {
  for (const [limits, lost, pings] of [
    [{}, 0, 80],
    [{ idleMs: 30_000 }, 1, 150],
  ] as const) {
    const page = await connected({ idleMs: 30_000 })
    await page.clock.run(10 * minute)
    expect(page.reconnections).toBe(2)
    page.limits = limits
    await page.clock.run(13 * hour)
    expect(page.reconnections - 2).toBe(lost)
    const before = page.pings
    await page.clock.run(hour)
    expect(Math.abs(page.pings - before - pings)).toBeLessThan(10)
  }
})

test('a page that wakes when the network comes back opens one socket', async () => {
  const page = await connected()
  page.setOnline(false)
  page.sleep(hour)
  const before = page.sockets
  const tickets = page.tickets
  page.setOnline(true)
  await page.clock.run(5_000)
  expect([page.sockets - before, page.tickets - tickets]).toEqual([1, 1])
  expect(page.live.status.state).toBe('connected')
})

test.each([
  [true, 0],
  [false, 100],
])(
  'hidden for 8 hours in a browser that delays every timer to whole minutes, with timers of a worker: %s',
  async (hasWorker, least) => {
    // A proxy that cuts a moment before the minute is over, so that no race decides.
    const page = await connected({ idleMs: minute - 1_000 }, { hasWorker })
    page.clock.isCoarse = true
    page.hide(true)
    await page.clock.run(8 * hour)
    if (hasWorker) expect(page.reconnections).toBeLessThanOrEqual(3)
    else expect(page.reconnections).toBeGreaterThan(least)
    page.hide(false)
    await page.clock.run(10_000)
    expect(page.live.status.state).toBe('connected')
    const { timers } = page.clock
    page.live.stop()
    expect([timers > 0, page.clock.timers]).toEqual([true, 0])
  },
)

test('a clock with a worker runs each long timer once, in the worker or without it, and cancels both', () => {
  const own: (() => void)[] = []
  const orders: (readonly [number, number?])[] = []
  let onDue = (_: { data: unknown }): void => undefined
  const worker: TimerWorker = {
    addEventListener: (_, listener) => {
      onDue = listener
    },
    postMessage: (order) => orders.push(order),
  }
  let cancelled = 0
  const after = (_: number, task: () => void) => {
    own.push(task)
    return () => {
      cancelled += 1
    }
  }
  const clock = awakeClock(() => worker, { now: () => 0, random: () => 0, after })
  const ran: string[] = []
  clock.after(9_999, () => ran.push('short'))
  clock.after(45_000, () => ran.push('by the worker'))
  clock.after(45_000, () => ran.push('by the page'))
  const cancel = clock.after(45_000, () => ran.push('cancelled'))
  expect(orders).toEqual([
    [1, 45_000],
    [2, 45_000],
    [3, 45_000],
  ])
  onDue({ data: 1 })
  own[2]?.()
  onDue({ data: 2 })
  cancel()
  onDue({ data: 3 })
  expect([ran, cancelled]).toEqual([['by the worker', 'by the page'], 3])
})
