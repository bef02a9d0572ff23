import { type Clock, realClock } from '../operate/clock.ts'
import { wait } from '../operate/wait.ts'
import type { AriRequests } from './ari-connection.ts'
import { AriRefusedError } from './ari-errors.ts'

/**
 * Asterisk has 5 s for each answer. A PBX that hangs just after one is noticed 20 s later, after the second request without an answer;
 * one whose sockets are silent too by `silence-watch.ts` before that.
 */
const pingMs = 10_000
const unansweredMax = 2

/**
 * Asks Asterisk again and again while a connection is open. Resolves with true if it no longer answers requests, although its
 * sockets may be open and answer pings, or with false when the connection has ended.
 */
export async function watchLiveness(
  requests: Pick<AriRequests, 'get'>,
  signal: AbortSignal,
  clock: Clock = realClock,
): Promise<boolean> {
  let unanswered = 0
  while (!signal.aborted) {
    if (unanswered === 0) await wait(pingMs, signal, clock)
    if (signal.aborted) return false
    unanswered = (await answers(requests, signal)) ? 0 : unanswered + 1
    if (unanswered === unansweredMax) return !signal.aborted
  }
  return false
}

/** Whether Asterisk answers, with an error too: old versions have no `ping`. */
async function answers(requests: Pick<AriRequests, 'get'>, signal: AbortSignal): Promise<boolean> {
  try {
    await requests.get('/asterisk/ping', signal)
    return true
  } catch (error) {
    return error instanceof AriRefusedError
  }
}
