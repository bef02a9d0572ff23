import { type Clock, realClock } from '../operate/clock.ts'
import { wait } from '../operate/wait.ts'
import type { AriRequests } from './ari-connection.ts'
import { AriRefusedError } from './ari-errors.ts'

/**
 * Asterisk has 5 s for each answer. A PBX that hangs just after one is noticed 20 s later, after the second request without an answer;
 * one whose sockets are silent too by `silence-watch.ts` before that.
 */
const askMs = 10_000
/** Asterisk drops an application within moments of the new connection, when it cleans up an older one. */
const firstAskMs = 1_000
const unansweredMax = 2

const unanswered = 'no answer to requests'
export const dropped = 'Asterisk has dropped the application'

/** Returns whether Asterisk has the application. After a hang it may have removed it with an older connection, without a word. */
export async function hasApplication(
  requests: Pick<AriRequests, 'get'>,
  application: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await requests.get(`/applications/${encodeURIComponent(application)}`, signal)
    return true
  } catch (error) {
    if (!(error instanceof AriRefusedError)) throw error
    return error.status !== 404
  }
}

/**
 * Asks Asterisk again and again for the application while a connection is open. Returns why the connection is of no use any more:
 * Asterisk answers no requests, although its sockets may be open and answer pings, or has dropped the application, and with
 * it every event. `undefined` when the connection has ended.
 */
export async function watchLiveness(
  requests: Pick<AriRequests, 'get'>,
  application: string,
  signal: AbortSignal,
  clock: Clock = realClock,
): Promise<string | undefined> {
  let [missed, waitMs] = [0, firstAskMs]
  while (!signal.aborted) {
    if (missed === 0) await wait(waitMs, signal, clock)
    waitMs = askMs
    if (signal.aborted) break
    const isThere = await hasApplication(requests, application, signal).catch(() => undefined)
    if (signal.aborted) break
    if (isThere === false) return dropped
    missed = isThere ? 0 : missed + 1
    if (missed === unansweredMax) return unanswered
  }
  return undefined
}
