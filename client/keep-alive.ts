/** Proxies cut a connection without a frame after 60 s by default (nginx, AWS ALB, HAProxy with common settings). */
const pingMsMax = 45_000
/** API Gateway closes every WebSocket after 2 hours. The next one opens ten minutes earlier. */
const lifeMsMax = 110 * 60_000
/** Nothing below this is learnt: no proxy has such a limit, so a failing cloud or network closes the sockets. */
const learntMsMin = 10_000
/** Part of a proxy's limit that the client uses. */
const safePart = 0.8
/** Two times are alike if they differ by at most this part. */
const alikePart = 0.1
/** What was learnt is forgotten after this long without a cut: the proxy may be gone. If it is not, that costs one connection. */
const forgetMs = 12 * 3_600_000
/** Cuts that are remembered, so that a cut for another reason in between does not matter. */
const cutsMax = 4

/** A connection that the other side, or a proxy between, has closed. */
export interface Cut {
  ageMs: number
  /** Time since the last frame. */
  idleMs: number
  /** The longest time without a frame that the connection had survived before. */
  survivedMs: number
}

/** How often to ping, and when to replace the socket. */
export interface KeepAlive {
  readonly pingMs: number
  readonly lifeMs: number
  learn(cut: Cut): void
  /** Forgets what was learnt, because the network and its proxies are others now. */
  reset(): void
}

/**
 * Learns the limits of a proxy from two cuts that are alike. If the connections had been idle for as long as never before,
 * the proxy limits idle time, so the client pings sooner. Otherwise pings do not help: the proxy limits the age, so the client
 * opens the next socket before the proxy cuts this one. `now` is a time in milliseconds.
 */
export function openKeepAlive(now: () => number = Date.now): KeepAlive {
  let pingMs = pingMsMax
  let lifeMs = lifeMsMax
  let cuts: Cut[] = []
  let cutAt = now()
  const forgetIfOld = () => {
    if (now() - cutAt < forgetMs) return
    pingMs = pingMsMax
    lifeMs = lifeMsMax
  }
  const learnt = (limitMs: number, before: number) =>
    limitMs * safePart < learntMsMin ? before : Math.min(before, limitMs * safePart)
  return {
    get pingMs() {
      forgetIfOld()
      return pingMs
    },
    get lifeMs() {
      forgetIfOld()
      return lifeMs
    },
    learn(cut) {
      forgetIfOld()
      cutAt = now()
      if (isIdle(cut) && cuts.some((other) => isIdle(other) && isAlike(other.idleMs, cut.idleMs))) {
        pingMs = learnt(cut.idleMs, pingMs)
      } else if (!isIdle(cut) && cuts.some(({ ageMs }) => isAlike(ageMs, cut.ageMs))) {
        lifeMs = learnt(cut.ageMs, lifeMs)
        pingMs = pingMsMax
      }
      cuts = [cut, ...cuts].slice(0, cutsMax)
    },
    reset() {
      pingMs = pingMsMax
      lifeMs = lifeMsMax
      cuts = []
    },
  }
}

function isIdle({ idleMs, survivedMs }: Cut): boolean {
  return idleMs > survivedMs
}

function isAlike(a: number, b: number): boolean {
  return Math.abs(a - b) <= alikePart * Math.max(a, b)
}
