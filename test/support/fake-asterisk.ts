import { setImmediate as turn } from 'node:timers/promises'
import type { AriConnection, AriLink, AriRequests } from '../../bridge/asterisk/ari-connection.ts'
import { AriIntake, type IntakeDependencies } from '../../bridge/asterisk/intake.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { Chance } from '../simulate/bridge/chance.ts'
import { Life, Time } from '../simulate/bridge/time.ts'
import { silentLog } from './presence-world.ts'

/** Requests that an Asterisk without phones and calls answers, except for those that `answer` answers or refuses. */
export function requestsOf(answer: (path: string) => unknown = () => undefined): AriRequests {
  const request = async (path: string) => answer(path) ?? (/^\/(endpoints|channels|bridges)$/.test(path) ? [] : {})
  return { get: request, put: request, post: request, delete: request }
}

/**
 * The intake over attempts that a test decides: `attempt` throws, or returns the requests of a connection, which lives for `livesMs`.
 * Runs for `forMs` of simulated time.
 */
export async function runIntake(
  attempt: (passedMs: number) => AriRequests,
  { forMs, livesMs = 60_000, ...changes }: { forMs: number; livesMs?: number } & Partial<IntakeDependencies>,
) {
  const time = new Time(new Chance(1))
  const clock = time.clock(new Life())
  const stop = new AbortController()
  const seen = { attempts: [] as number[], connected: [] as number[], notReached: [] as string[], started: 0 }
  const link: AriLink = {
    direction: 'inbound',
    async connect(_onFrame, signal): Promise<AriConnection> {
      signal.throwIfAborted()
      seen.attempts.push(time.nowMs)
      const requests = attempt(time.nowMs)
      const closed = Promise.withResolvers<string>()
      const close = () => closed.resolve('closed')
      clock.after(livesMs, close)
      return { requests, closed: closed.promise, lastSeenMs: clock.nowMs(), close }
    },
  }
  const intake = new AriIntake({
    ari: { url: 'http://127.0.0.1:8088/ari', user: 'bridge', application: 'a' },
    link,
    clock,
    counters: new Counters(),
    log: silentLog,
    // Never used: no frame arrives.
    quarantine: { isBusy: true, put: async () => undefined } as never,
    async onConnected(_snapshot, takeBuffered) {
      takeBuffered()
      seen.connected.push(time.nowMs)
    },
    onEvent: () => undefined,
    onReplayed: () => undefined,
    onDisconnected: () => undefined,
    differences: () => [],
    async onNotReached({ errorId }) {
      seen.notReached.push(errorId)
    },
    ...changes,
  })
  let outcome: unknown = 'runs'
  void intake
    .run(
      stop.signal,
      () => undefined,
      () => (seen.started += 1),
    )
    .catch((error: unknown) => {
      outcome = error
    })
  // Simulated time ends when nothing waits, as before the first attempt.
  const goOn = () => void time.after(1_000, goOn)
  goOn()
  await turn()
  await time.run(forMs, () => outcome !== 'runs')
  stop.abort()
  return { ...seen, outcome }
}
