import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Delivery } from '../../bridge/forward/delivery.ts'
import { Lanes } from '../../bridge/forward/lanes.ts'
import type { LateFact } from '../../bridge/forward/late-facts.ts'
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

/** Real spool and lanes with a simulated SQS, which `answer` controls, and a clock that the test moves. */
export class Stage implements AsyncDisposable {
  readonly folder: string
  readonly spool: Spool
  readonly sent: { lane: Lane; lines: string[] }[] = []
  readonly allSent: { facts: readonly LateFact[]; isEverything: boolean }[] = []
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
        onLateFactsSent: (facts, isEverything) => this.allSent.push({ facts, isEverything }),
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
    return bodies.map(() => (kind === 'accepted' ? { kind } : { kind, code: 'simulated' }))
  }

  line(subject: string, count: number): string {
    return JSON.stringify({ time: new Date(this.nowMs).toISOString(), type: 't', subject, count })
  }

  append(subject: string, count: number): string {
    const line = this.line(subject, count)
    this.spool.append(Buffer.from(line))
    return line
  }

  linesBy(lane: Lane): string[] {
    return this.sent.filter((body) => body.lane === lane).flatMap(({ lines }) => lines)
  }

  /** Stops without draining the lanes: unsent facts stay in the spool. */
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
