import type { DeltaFrame } from '../../../contracts/frames.ts'
import { fanOut } from '../../../functions/queues/fan-out/fan-out.ts'
import { type Chunk, type PostDependencies, postAll } from '../../../functions/queues/fan-out/post-all.ts'
import { paceFor } from '../../../functions/queues/push-presence/pace.ts'
import { Chance } from '../presence/chance.ts'
import { Time } from '../presence/time.ts'

/** API Gateway's quota for an account: requests per second, and burst. Other traffic of the account takes `elsewhere`. */
const quotaPerSecond = 10_000
const burstMax = 5_000
const elsewhere = 0.3
/** `maximumConcurrency` of the fan-out queue in serverless.yml. */
const invocationsMax = 50
const slowPart = 0.005
const gonePart = 0.01

export interface FanOutResult {
  subscribers: number
  /** Connections that accept posts, and how many of them got the frame. */
  open: number
  reached: number
  gone: number
  slow: number
  /** Milliseconds until half, 99 % and all of the reached connections had the frame. */
  p50: number
  p99: number
  last: number
  throttled: number
  unreached: number
  chunks: number
  /** The most posts that API Gateway accepted in one second. */
  peakPerSecond: number
  paceMs: number
}

/** Sends one change to many subscribers of a site with the functions' own code, on a virtual clock and within AWS's quotas. */
export async function fanOutTo(subscribers: number, seed: number): Promise<FanOutResult> {
  const chance = new Chance(seed)
  const time = new Time(Date.parse('2026-11-24T08:00:00.000Z'), chance)
  const started = time.now()
  const gateway = new Gateway(time, chance, subscribers)
  const ids = Array.from({ length: subscribers }, (_, n) => `c${n}`)
  const posting: PostDependencies = {
    sockets: { post: (id) => gateway.post(id) },
    connections: { close: async () => undefined },
    now: time.now,
    wait: time.wait,
    random: time.random,
  }
  const lambda = new Lambda(time, chance)
  const totals = { throttled: 0, unreached: 0, chunks: 0 }
  const add = ({ throttled, unreached }: { throttled: number; unreached: number }) => {
    totals.throttled += throttled
    totals.unreached += unreached
  }
  const parts = {
    ...posting,
    connections: { ...posting.connections, subscribers: async () => ids.map((id) => ({ id, personal: true })) },
    chunks: {
      async send(chunks: readonly { chunk: Chunk; delaySeconds: number }[]) {
        totals.chunks += chunks.length
        for (const { chunk, delaySeconds } of chunks) {
          const post = async () => add(await postAll('office', [chunk], posting))
          time.after(delaySeconds * 1_000 + chance.between(20, 100), () => lambda.invoke(post))
        }
      },
    },
  }
  time.after(0, () => void fanOut('office', [{ topics: ['endpoints'], frame }], parts).then(add))
  await time.runUntil(started + 120_000)
  const times = [...gateway.reachedAt.values()].map((at) => at - started).sort((a, b) => a - b)
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN
  return {
    subscribers,
    open: subscribers - gateway.gone.size - gateway.slow.size,
    reached: times.length,
    gone: gateway.gone.size,
    slow: gateway.slow.size,
    p50: at(0.5),
    p99: at(0.99),
    last: at(1),
    ...totals,
    peakPerSecond: gateway.peakPerSecond,
    paceMs: paceFor(subscribers),
  }
}

const frame: DeltaFrame = { type: 'delta', topic: 'endpoints', epoch: 1, ks: [1], w: 1, entities: [] }

/** Models API Gateway's connections, of which some are gone or slow, and the token bucket of the account. */
class Gateway {
  readonly reachedAt = new Map<string, number>()
  readonly gone = new Set<string>()
  readonly slow = new Set<string>()
  peakPerSecond = 0
  readonly #time: Time
  readonly #chance: Chance
  #tokens = burstMax
  #filledAt: number
  #taken: number[] = []

  constructor(time: Time, chance: Chance, subscribers: number) {
    this.#time = time
    this.#chance = chance
    this.#filledAt = time.now()
    for (let n = 0; n < subscribers; n += 1) {
      if (chance.happens(gonePart)) this.gone.add(`c${n}`)
      else if (chance.happens(slowPart)) this.slow.add(`c${n}`)
    }
  }

  async post(id: string) {
    if (!this.#takeToken()) {
      await this.#time.wait(this.#chance.between(3, 10))
      return 'throttled'
    }
    if (this.slow.has(id)) {
      // API Gateway holds the request until the caller's timeout of one second.
      await this.#time.wait(1_000)
      return 'failed'
    }
    await this.#time.wait(this.#chance.happens(0.01) ? this.#chance.between(60, 400) : this.#chance.between(10, 40))
    if (this.gone.has(id)) return 'gone'
    this.reachedAt.set(id, this.#time.now())
    return 'sent'
  }

  #takeToken(): boolean {
    const now = this.#time.now()
    const perMs = (quotaPerSecond * (1 - elsewhere)) / 1_000
    this.#tokens = Math.min(burstMax, this.#tokens + (now - this.#filledAt) * perMs)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    const second = Math.floor(now / 1_000)
    if (this.#taken[0] !== second) this.#taken = [second, 0]
    this.#taken[1] = (this.#taken[1] ?? 0) + 1
    this.peakPerSecond = Math.max(this.peakPerSecond, this.#taken[1])
    return true
  }
}

/** Models the invocations of one function: a limited number at once, the others wait in order. */
class Lambda {
  readonly #time: Time
  readonly #chance: Chance
  readonly #waiting: (() => Promise<void>)[] = []
  #running = 0

  constructor(time: Time, chance: Chance) {
    this.#time = time
    this.#chance = chance
  }

  invoke(run: () => Promise<void>): void {
    this.#waiting.push(run)
    void this.#next()
  }

  async #next(): Promise<void> {
    if (this.#running >= invocationsMax) return
    const run = this.#waiting.shift()
    if (!run) return
    this.#running += 1
    // One in twenty starts cold.
    await this.#time.wait(this.#chance.happens(0.05) ? 300 : 5)
    await run()
    this.#running -= 1
    void this.#next()
  }
}
