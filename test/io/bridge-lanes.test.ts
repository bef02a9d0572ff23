import { expect, test, vi } from 'vitest'

import { Stage } from '../support/lanes-stage.ts'

test('sends facts through the live lane in order, the first at once', async () => {
  await using stage = await Stage.open()
  await stage.start()
  const appended = [stage.append('a', 1), stage.append('a', 2)]
  await vi.waitFor(() => expect(stage.linesBy('live')).toEqual(appended))
  expect(stage.spool.unacked).toBe(0)
})

test.each(['hang', 'down', 'retry'] as const)(
  'acknowledges no fact while the simulated SQS does not accept it: %s',
  async (kind) => {
    await using stage = await Stage.open()
    let calls = 0
    stage.answer = () => {
      calls += 1
      return kind
    }
    await stage.start()
    stage.append('a', 1)
    await vi.waitFor(() => expect(calls).toBeGreaterThan(0))
    expect(stage.spool.unacked).toBe(1)
    expect(stage.sent).toEqual([])
  },
)

test('sends facts that waited 30 s to the records queue in order, and reports the entities to publish again', async () => {
  await using stage = await Stage.open()
  stage.answer = (lane) => (lane === 'live' ? 'down' : 'accepted')
  await stage.start()
  const late = [stage.append('a', 1), stage.append('b', 1), stage.append('a', 2)]
  await vi.waitFor(() => expect(stage.lanes.live.queued).toBe(3))
  stage.nowMs += 31_000
  await vi.waitFor(() => expect(stage.linesBy('records')).toEqual(late))
  await vi.waitFor(() => expect(stage.allSent).toHaveLength(1))
  expect(stage.allSent[0]?.facts.map(({ subject, line }) => [subject, line])).toEqual([
    ['a', late[2]],
    ['b', late[1]],
  ])
  expect(stage.spool.unacked).toBe(0)
})

test('after late facts of more than 2,000 entities, asks to publish all entities again and still reports each gap', async () => {
  await using stage = await Stage.open()
  stage.answer = (lane) => (lane === 'live' ? 'down' : 'accepted')
  await stage.start()
  const gap = (at: string) => JSON.stringify({ time: at, type: 'switchhook.gap.v1', subject: 'lyon-1', é: at })
  const gaps = ['2027-01-01T00:00:00.000Z', '2027-01-01T00:00:01.000Z', '2027-01-01T00:00:02.000Z'].map(gap)
  stage.nowMs = Date.parse('2027-01-01T00:00:03.000Z')
  for (let n = 0; n < 3000; n += 1) {
    if (n % 1200 === 0) stage.spool.append(Buffer.from(gaps[n / 1200] ?? ''))
    stage.append(`call ${n}`, 1)
  }
  await vi.waitFor(() => expect(stage.lanes.live.queued).toBe(3003))
  stage.nowMs += 60_000
  await vi.waitFor(() => expect(stage.allSent).toHaveLength(1))
  expect(stage.allSent[0]?.isEverything).toBe(true)
  expect(stage.allSent[0]?.facts.map(({ line }) => line)).toEqual(gaps)
})

test('sends fresh facts through the live lane while the late lane waits for its queue', async () => {
  await using stage = await Stage.open()
  stage.answer = (lane) => (lane === 'records' ? 'down' : 'accepted')
  await stage.start()
  stage.lanes.live.setPace(0)
  stage.answer = () => 'down'
  const late = stage.append('a', 1)
  await vi.waitFor(() => expect(stage.lanes.live.queued).toBe(1))
  stage.nowMs += 31_000
  await vi.waitFor(() => expect(stage.lanes.late.queued).toBe(1))
  stage.answer = (lane) => (lane === 'records' ? 'down' : 'accepted')
  const fresh = stage.append('a', 2)
  await vi.waitFor(() => expect(stage.linesBy('live')).toEqual([fresh]))
  // The older fact is not acknowledged, so the spool must keep both.
  expect(stage.spool.unacked).toBe(2)
  stage.answer = () => 'accepted'
  await vi.waitFor(() => expect(stage.linesBy('records')).toEqual([late]))
  await vi.waitFor(() => expect(stage.spool.unacked).toBe(0))
})

test('sends facts that an earlier process left in the spool to the records queue', async () => {
  const first = await Stage.open()
  first.answer = () => 'down'
  await first.start()
  const left = [first.append('a', 1), first.append('b', 1)]
  await vi.waitFor(() => expect(first.lanes.live.queued).toBe(2))
  await first.stop()

  await using second = await Stage.open(first.folder)
  await second.start()
  await vi.waitFor(() => expect(second.linesBy('records')).toEqual(left))
  await vi.waitFor(() => expect(second.allSent).toHaveLength(1))
  expect(second.linesBy('live')).toEqual([])
})

test('drops and counts late facts older than 30 days, and sends younger ones', async () => {
  const first = await Stage.open()
  first.answer = () => 'down'
  await first.start()
  first.append('old', 1)
  first.nowMs += 86_400_000
  const young = first.append('young', 1)
  await first.stop()

  await using second = await Stage.open(first.folder)
  second.nowMs = first.nowMs + 29.5 * 86_400_000
  await second.start()
  await vi.waitFor(() => expect(second.allSent).toHaveLength(1))
  expect(second.linesBy('records')).toEqual([young])
  expect(second.counters.get('facts-too-old')).toBe(1)
})

test('sends a heartbeat after 10 s without a message, and does not keep it in the spool', async () => {
  await using stage = await Stage.open()
  await stage.start()
  stage.append('a', 1)
  await vi.waitFor(() => expect(stage.sent).toHaveLength(1))
  stage.nowMs += 9_999
  stage.lanes.offer([])
  stage.nowMs += 1
  stage.lanes.offer([])
  await vi.waitFor(() => expect(stage.linesBy('live')).toHaveLength(2))
  expect(stage.heartbeats).toBe(1)
  expect(stage.spool.unacked).toBe(0)
})

test('packs a burst of facts into few messages', async () => {
  await using stage = await Stage.open()
  await stage.start()
  for (let count = 0; count < 2000; count += 1) stage.append('a', count)
  await vi.waitFor(() => expect(stage.linesBy('live')).toHaveLength(2000))
  expect(stage.sent.length).toBeLessThan(6)
})
