import * as v from 'valibot'
import { BridgeSession, credentialsText } from '../../contracts/bridge-access.ts'
import { SwitchhookError } from '../../contracts/errors.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { CloudClock } from '../operate/cloud-clock.ts'
import { describeError, type Log } from '../operate/log.ts'

/** A session lasts 60 minutes: 15 are left for retries if the cloud is unreachable when the renewal is due. */
const renewAfterMs = 45 * 60_000
/** What is left of a shorter session when it is renewed. */
const lifeLeft = 0.25
/** The life of a session whose answer had no date. */
const lifeMsDefault = 60 * 60_000
/** A refusal of a session younger than this is of a request that was sent with the session before it. */
const youngMs = 15_000
/** Retry interval while the cloud is unreachable and the old session is valid. */
const retryMs = 30_000
const answerMsMax = 10_000
/** The cloud accepts request times up to five minutes in the future; this leaves a margin. */
const aheadMs = 4 * 60_000

/** The cloud did not return a session. */
export class SessionRefusedError extends SwitchhookError {
  readonly errorId: string
  readonly #isFinal: boolean
  constructor(errorId: string, detail: string, isFinal: boolean, options?: ErrorOptions) {
    super(detail, options)
    // The AWS SDK's name for an error of a credential provider. `sqsFault` classifies errors by their name.
    if (isFinal) this.name = 'CredentialsProviderError'
    this.errorId = errorId
    this.#isFinal = isFinal
  }
  override shouldRetry(): boolean {
    return !this.#isFinal
  }
}

interface SessionOptions {
  api: string
  site: string
  key: string
  sign: (bytes: Uint8Array) => Uint8Array
  log: Log
  /** Learns the cloud's time from its answers, and gives requests the right one. */
  cloud: CloudClock
  clock?: Pick<Clock, 'monotonicMs'>
}

/** Times are of the monotonic clock: a wall clock that is set meanwhile changes no session's life. */
interface Current {
  session: BridgeSession
  begunMs: number
  renewAtMs: number
  expiresAtMs: number
}

/**
 * The bridge's AWS credentials. It requests them from the HTTP API with its own signature and renews them after 45 minutes.
 * While the cloud is unreachable, it uses the last session until it expires.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #current: Current | undefined
  #renewal: Promise<BridgeSession> | undefined
  /** Time in the last successful request. The cloud refuses a request whose time is not later. */
  #lastRequestMs = 0
  constructor(options: SessionOptions) {
    this.#options = options
    this.#clock = options.clock ?? realClock
  }

  /** URL of the site's command queue in the last session. It changes when a bridge of the site is revoked. */
  get commandQueue(): string | undefined {
    return this.#current?.session.queues.commands
  }

  /** The `credentials` option of an AWS client. */
  readonly provide = async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await this.#validSession()
    // Long past, so that the client asks for each request: it would judge a later time by the wall clock.
    return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(0) }
  }

  /** AWS says that the session has expired: the next request gets a new one. */
  readonly expired = (): void => {
    const current = this.#current
    const nowMs = this.#clock.monotonicMs()
    if (!current || nowMs - current.begunMs < youngMs) return
    this.#current = { ...current, renewAtMs: nowMs, expiresAtMs: nowMs }
  }

  async #validSession(): Promise<BridgeSession> {
    const { log } = this.#options
    const current = this.#current
    if (current && this.#clock.monotonicMs() < current.renewAtMs) return current.session
    // Clients that ask at the same time share one request.
    this.#renewal ??= this.#request().finally(() => {
      this.#renewal = undefined
    })
    try {
      return await this.#renewal
    } catch (error) {
      const nowMs = this.#clock.monotonicMs()
      const isAlive = current && current.expiresAtMs > nowMs
      if (!isAlive || !(error instanceof SessionRefusedError) || !error.shouldRetry()) throw error
      this.#current = { ...current, renewAtMs: nowMs + retryMs }
      log.warn('session not renewed', { errorId: error.errorId, until: current.session.expiration })
      return current.session
    }
  }

  async #request(): Promise<BridgeSession> {
    const { cloud, log } = this.#options
    // The second try uses the cloud's time. The third adds four minutes: an earlier request, sent while this machine's clock
    // was fast, may have had a later time.
    for (const ahead of [0, 0, aheadMs]) {
      const timeMs = Math.max(this.#lastRequestMs + 1, cloud.nowMs() + ahead)
      const { response, json } = await this.#post(timeMs)
      const date = response.headers.get('date')
      cloud.note(date)
      const parsed = v.safeParse(BridgeSession, json)
      if (response.status === 201 && parsed.success) {
        this.#lastRequestMs = timeMs
        return this.#keep(parsed.output)
      }
      if (![403, 409].includes(response.status) || date === null) throw refusal(response.status, json)
      if (cloud.fault) log.warn('clock-wrong', { reason: cloud.fault })
    }
    throw new SessionRefusedError(
      'clock-refused',
      "the cloud refuses the requests' time, even after correcting it: check this machine's clock",
      false,
    )
  }

  #keep(session: BridgeSession): BridgeSession {
    const { cloud, log } = this.#options
    const begunMs = this.#clock.monotonicMs()
    const lifeMs = cloud.isKnown ? Math.max(0, Date.parse(session.expiration) - cloud.nowMs()) : lifeMsDefault
    const renewAtMs = begunMs + Math.min(renewAfterMs, lifeMs * (1 - lifeLeft))
    this.#current = { session, begunMs, renewAtMs, expiresAtMs: begunMs + lifeMs }
    log.info('session renewed', { until: session.expiration })
    return session
  }

  async #post(timeMs: number): Promise<{ response: Response; json: unknown }> {
    const { api, site, key, sign, cloud } = this.#options
    const request = { site, key, time: new Date(timeMs).toISOString() }
    const signature = Buffer.from(sign(credentialsText(request))).toString('base64')
    try {
      const response = await fetch(`${api.replace(/\/+$/, '')}/v1/bridge/credentials`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...request, signature }),
        signal: AbortSignal.timeout(answerMsMax),
      })
      return { response, json: await response.json() }
    } catch (cause) {
      cloud.noteError(cause)
      const why = cloud.fault ?? describeError(cause)
      throw new SessionRefusedError(
        'api-unreachable',
        `no answer from the API at ${new URL(api).host} (${why})`,
        false,
        {
          cause,
        },
      )
    }
  }
}

const Refusal = v.looseObject({ errorId: v.string(), detail: v.string() })

/** Only 401 is final: the bridge is not enrolled any more, so retrying cannot help. */
function refusal(status: number, json: unknown): SessionRefusedError {
  const parsed = v.safeParse(Refusal, json)
  const { errorId, detail } = parsed.success ? parsed.output : { errorId: `http-${status}`, detail: `HTTP ${status}` }
  return new SessionRefusedError(errorId, detail, status === 401)
}
