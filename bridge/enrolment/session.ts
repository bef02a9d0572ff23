import * as v from 'valibot'
import { BridgeSession, credentialsText } from '../../contracts/bridge-access.ts'
import { SwitchhookError } from '../../contracts/errors.ts'
import type { Log } from '../operate/log.ts'

/** A session lasts 60 minutes: 15 are left for retries if the cloud is unreachable when the renewal is due. */
const renewAfterMs = 45 * 60_000
/** The AWS SDK asks for credentials again five minutes before the expiration that `provide` returns. */
const clientMarginMs = 5 * 60_000
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
  now: () => number
}

/**
 * The bridge's AWS credentials. It requests them from the HTTP API with its own signature and renews them after 45 minutes.
 * While the cloud is unreachable, it uses the last session until it expires.
 */
export class Session {
  readonly #options: SessionOptions
  #current: { session: BridgeSession; renewAt: number } | undefined
  #renewal: Promise<BridgeSession> | undefined
  /** The cloud's time minus this machine's, known after the first refusal for a wrong time. */
  #offsetMs = 0
  /** Time in the last successful request. The cloud refuses a request whose time is not later. */
  #lastRequestMs = 0
  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** URL of the site's command queue in the last session. It changes when a bridge of the site is revoked. */
  get commandQueue(): string | undefined {
    return this.#current?.session.queues.commands
  }

  /** The `credentials` option of an AWS client. */
  readonly provide = async () => {
    const session = await this.#validSession()
    const { accessKeyId, secretAccessKey, sessionToken } = session
    return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(this.#askAgainAt() + clientMarginMs) }
  }

  #askAgainAt(): number {
    return Math.max(this.#current?.renewAt ?? 0, this.#options.now() + retryMs)
  }

  async #validSession(): Promise<BridgeSession> {
    const { now, log } = this.#options
    const current = this.#current
    if (current && now() < current.renewAt) return current.session
    // Clients that ask at the same time share one request.
    this.#renewal ??= this.#request().finally(() => {
      this.#renewal = undefined
    })
    try {
      return await this.#renewal
    } catch (error) {
      const isAlive = current && Date.parse(current.session.expiration) > now()
      if (!isAlive || !(error instanceof SessionRefusedError) || !error.shouldRetry()) throw error
      log.warn('session not renewed', { errorId: error.errorId, until: current.session.expiration })
      return current.session
    }
  }

  async #request(): Promise<BridgeSession> {
    // The second try uses the cloud's time. The third adds four minutes: an earlier request, sent while this machine's clock
    // was fast, may have had a later time.
    for (const ahead of [0, 0, aheadMs]) {
      const timeMs = Math.max(this.#lastRequestMs + 1, this.#options.now() + this.#offsetMs + ahead)
      const { response, json } = await this.#post(timeMs)
      const parsed = v.safeParse(BridgeSession, json)
      if (response.status === 201 && parsed.success) {
        this.#lastRequestMs = timeMs
        return this.#keep(parsed.output)
      }
      const offset = Date.parse(response.headers.get('date') ?? '') - this.#options.now()
      if (![403, 409].includes(response.status) || Number.isNaN(offset)) throw refusal(response.status, json)
      this.#offsetMs = offset
    }
    throw new SessionRefusedError(
      'clock-refused',
      "the cloud refuses the requests' time, even after correcting it: check this machine's clock",
      false,
    )
  }

  #keep(session: BridgeSession): BridgeSession {
    const { now, log } = this.#options
    this.#current = { session, renewAt: now() + renewAfterMs }
    log.info('session renewed', { until: session.expiration })
    return session
  }

  async #post(timeMs: number): Promise<{ response: Response; json: unknown }> {
    const { api, site, key, sign } = this.#options
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
      throw new SessionRefusedError('api-unreachable', `no answer from the API at ${new URL(api).host}`, false, {
        cause,
      })
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
