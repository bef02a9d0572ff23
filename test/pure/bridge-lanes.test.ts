import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { Delivery } from '../../bridge/forward/delivery.ts'
import { Lanes } from '../../bridge/forward/lanes.ts'
import type { LateFact } from '../../bridge/forward/late-lane.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import type { SendOutcome } from '../../bridge/forward/sender.ts'
import { QueueUnavailableError } from '../../bridge/forward/sqs-errors.ts'
import { realClock } from '../../bridge/operate/clock.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { Quarantine } from '../../bridge/spool/quarantine.ts'
import { Spool } from '../../bridge/spool/spool.ts'
import { type Lane, openBody } from '../../contracts/packed-body.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')

/** SQS as a test wants it: `answer` decides on each call. Everything else is the real thing, with a clock of the test's. */
class Stage implements AsyncDisposable {
  readonly folder: string
  readonly spool: Spool
  readonly sent: { lane: Lane; lines: string[] }[] = []
  readonly drained: { touched: readonly LateFact[]; isEverything: boolean }[] = []
  answer: (lane: Lane) => SendOutcome['kind'] | 'down' | 'hang' = () => 'accepted'
  nowMs = Date.parse('2026-11-23T19:00:00.000Z')
  heartbeats = 0
  readonly counters = new Counters()
  readonly #stop = new AbortController()
  #lanes: Lanes | undefined
  #running: Promise<void> = Promise.resolve()

  private constructor(folder: string) {
    this.folder = folder
    this.spool = new Spool({
      folder,
      onDurable: (records) => this.lanes.offer(records),
      onBroken: (error) => {
        throw error
      },
      onCount: () => undefined,
    })
  }

  static async open(folder?: string): Promise<Stage> {
    return new Stage(folder ?? (await mkdtemp(join(tmpdir(), 'switchhook-lanes-'))))
  }

  get lanes(): Lanes {
    if (!this.#lanes) throw new Error('not started')
    return this.#lanes
  }

  async start(): Promise<void> {
    const quarantine = new Quarantine(join(this.folder, 'quarantine'))
    await quarantine.open()
    const log = createLog({ level: 'error', write: () => undefined })
    const sender = { send: (queue: string, bodies: readonly string[]) => this.#send(queue as Lane, bodies) }
    const recovered = await this.spool.open()
    this.#lanes = new Lanes(
      {
        live: { lane: 'live', queueUrl: 'live' },
        records: { lane: 'records', queueUrl: 'records' },
        packer: new Packer({ site: 'lyon-1', key: 'k1', sign: (bytes) => sign(null, bytes, privateKey) }),
        delivery: new Delivery({ sender, quarantine, counters: new Counters(), log }),
        spool: this.spool,
        heartbeat: () => {
          this.heartbeats += 1
          return this.line('heartbeat', 0)
        },
        onCount: (errorId, count) => this.counters.add(errorId, count),
        onLateFactsSent: (touched, isEverything) => this.drained.push({ touched, isEverything }),
        clock: { ...realClock, nowMs: () => this.nowMs, monotonicMs: () => this.nowMs },
      },
      recovered,
    )
    this.#running = this.lanes.run(this.#stop.signal)
  }

  async #send(lane: Lane, bodies: readonly string[]): Promise<SendOutcome[]> {
    const kind = this.answer(lane)
    if (kind === 'down') throw new QueueUnavailableError(new Error('down'))
    if (kind === 'hang') await new Promise((resolve) => this.#stop.signal.addEventListener('abort', resolve))
    if (kind === 'hang') throw new QueueUnavailableError(new Error('aborted'))
    for (const body of bodies) {
      const { lines } = await openBody(body, async () => publicKey)
      if (kind === 'accepted') this.sent.push({ lane, lines })
    }
    return bodies.map(() => (kind === 'accepted' ? { kind } : { kind, code: 'by the test' }))
  }

  line(subject: string, count: number): string {
    return JSON.stringify({ time: new Date(this.nowMs).toISOString(), type: 't', subject, count })
  }

  tell(subject: string, count: number): string {
    const line = this.line(subject, count)
    this.spool.append(Buffer.from(line))
    return line
  }

  linesBy(lane: Lane): string[] {
    return this.sent.filter((body) => body.lane === lane).flatMap(({ lines }) => lines)
  }

  /** Ends the process without its last words: what is acknowledged is on disk, nothing more. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.spool.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}

test('facts go by the live lane in order, the first at once', async () => {
  await using stage = await Stage.open()
  await stage.start()
  const told = [stage.tell('a', 1), stage.tell('a', 2)]
  await vi.waitFor(() => expect(stage.linesBy('live')).toEqual(told))
  expect(stage.spool.unacked).toBe(0)
})

test.each(['hang', 'down', 'retry'] as const)('nothing is acknowledged while SQS answers %s', async (kind) => {
  await using stage = await Stage.open()
  let calls = 0
  stage.answer = () => {
    calls += 1
    return kind
  }
  await stage.start()
  stage.tell('a', 1)
  await vi.waitFor(() => expect(calls).toBeGreaterThan(0))
  expect(stage.spool.unacked).toBe(1)
  expect(stage.sent).toEqual([])
})

test('what could not be sent for 30 s goes by records, complete and in order, and what it touched is asserted anew', async () => {
  await using stage = await Stage.open()
  stage.answer = (lane) => (lane === 'live' ? 'down' : 'accepted')
  await stage.start()
  const late = [stage.tell('a', 1), stage.tell('b', 1), stage.tell('a', 2)]
  await vi.waitFor(() => expect(stage.lanes.live.queued).toBe(3))
  stage.nowMs += 31_000
  await vi.waitFor(() => expect(stage.linesBy('records')).toEqual(late), 5000)
  await vi.waitFor(() => expect(stage.drained).toHaveLength(1))
  expect(stage.drained[0]?.touched.map(({ subject, line }) => [subject, line])).toEqual([
    ['a', late[2]],
    ['b', late[1]],
  ])
  expect(stage.spool.unacked).toBe(0)
})

test('of more than can be told one by one everything is told anew, and each gap all the same', async () => {
  await using stage = await Stage.open()
  stage.answer = (lane) => (lane === 'live' ? 'down' : 'accepted')
  await stage.start()
  const gap = (at: string) => JSON.stringify({ time: at, type: 'switchhook.gap.v1', subject: 'lyon-1', é: at })
  const gaps = ['2027-01-01T00:00:00.000Z', '2027-01-01T00:00:01.000Z', '2027-01-01T00:00:02.000Z'].map(gap)
  stage.nowMs = Date.parse('2027-01-01T00:00:03.000Z')
  for (let n = 0; n < 3000; n += 1) {
    if (n % 1200 === 0) stage.spool.append(Buffer.from(gaps[n / 1200] ?? ''))
    stage.tell(`call ${n}`, 1)
  }
  await vi.waitFor(() => expect(stage.lanes.live.queued).toBe(3003))
  stage.nowMs += 60_000
  await vi.waitFor(() => expect(stage.drained).toHaveLength(1), 5000)
  expect(stage.drained[0]?.isEverything).toBe(true)
  expect(stage.drained[0]?.touched.map(({ line }) => line)).toEqual(gaps)
})

test('news is sent by live while a backlog waits for records', async () => {
  await using stage = await Stage.open()
  stage.answer = (lane) => (lane === 'records' ? 'down' : 'accepted')
  await stage.start()
  stage.lanes.live.setPace(0)
  stage.answer = () => 'down'
  const late = stage.tell('a', 1)
  await vi.waitFor(() => expect(stage.lanes.live.queued).toBe(1))
  stage.nowMs += 31_000
  await vi.waitFor(() => expect(stage.lanes.late.queued).toBe(1), 5000)
  stage.answer = (lane) => (lane === 'records' ? 'down' : 'accepted')
  const news = stage.tell('a', 2)
  await vi.waitFor(() => expect(stage.linesBy('live')).toEqual([news]))
  // The older one is not acknowledged, so neither may be forgotten.
  expect(stage.spool.unacked).toBe(2)
  stage.answer = () => 'accepted'
  await vi.waitFor(() => expect(stage.linesBy('records')).toEqual([late]), 5000)
  await vi.waitFor(() => expect(stage.spool.unacked).toBe(0))
})

test('what a process leaves is sent by records by the next', async () => {
  const first = await Stage.open()
  first.answer = () => 'down'
  await first.start()
  const left = [first.tell('a', 1), first.tell('b', 1)]
  await vi.waitFor(() => expect(first.lanes.live.queued).toBe(2))
  await first.stop()

  await using second = await Stage.open(first.folder)
  await second.start()
  await vi.waitFor(() => expect(second.linesBy('records')).toEqual(left))
  await vi.waitFor(() => expect(second.drained).toHaveLength(1))
  expect(second.linesBy('live')).toEqual([])
})

test('what is older than the cloud would keep it is counted and let go, and what is younger is sent', async () => {
  const first = await Stage.open()
  first.answer = () => 'down'
  await first.start()
  first.tell('old', 1)
  first.nowMs += 86_400_000
  const young = first.tell('young', 1)
  await first.stop()

  await using second = await Stage.open(first.folder)
  second.nowMs = first.nowMs + 29.5 * 86_400_000
  await second.start()
  await vi.waitFor(() => expect(second.drained).toHaveLength(1))
  expect(second.linesBy('records')).toEqual([young])
  expect(second.counters.get('facts-too-old')).toBe(1)
})

test('a silence of 10 s is broken by a heartbeat, which is not in the spool', async () => {
  await using stage = await Stage.open()
  await stage.start()
  stage.tell('a', 1)
  await vi.waitFor(() => expect(stage.sent).toHaveLength(1))
  stage.nowMs += 9_999
  stage.lanes.offer([])
  stage.nowMs += 1
  stage.lanes.offer([])
  await vi.waitFor(() => expect(stage.linesBy('live')).toHaveLength(2))
  expect(stage.heartbeats).toBe(1)
  expect(stage.spool.unacked).toBe(0)
})

test('a burst of facts is one message, not one each', async () => {
  await using stage = await Stage.open()
  await stage.start()
  for (let count = 0; count < 2000; count += 1) stage.tell('a', count)
  await vi.waitFor(() => expect(stage.linesBy('live')).toHaveLength(2000))
  expect(stage.sent.length).toBeLessThan(6)
})
