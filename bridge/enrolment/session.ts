import * as v from 'valibot'
import { BridgeSession, credentialsText } from '../../contracts/bridge-access.ts'
import { SwitchhookError } from '../../contracts/errors.ts'
import type { Log } from '../operate/log.ts'

/** A session lasts an hour; a quarter of that is left for a cloud that is away when a new one is due. */
const renewAfterMs = 45 * 60_000
/** The AWS clients ask for credentials again five minutes before the end that they are told. */
const clientMarginMs = 5 * 60_000
/** While the cloud is away and the old session lives, the clients ask again after this. */
const retryMs = 30_000
const answerMsMax = 10_000
/** How far ahead the cloud takes a request's time, less a margin. */
const aheadMs = 4 * 60_000

/** The cloud gave no session. */
export class SessionRefusedError extends SwitchhookError {
  readonly errorId: string
  readonly #isFinal: boolean
  constructor(errorId: string, detail: string, isFinal: boolean, options?: ErrorOptions) {
    super(detail, options)
    // The name by which the AWS clients' own failures to find credentials are known.
    this.name = isFinal ? 'CredentialsProviderError' : 'SessionRefusedError'
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
 * The bridge's AWS credentials, got from the cloud with a request signed by its own key and renewed at 45 minutes. While
 * the cloud is away, the session it has is used to its end.
 */
export class Session {
  readonly #options: SessionOptions
  #current: { session: BridgeSession; renewAt: number } | undefined
  #asking: Promise<BridgeSession> | undefined
  /** The cloud's clock less ours, once it was told. */
  #offsetMs = 0
  /** Time of the newest request that was answered with a session; the cloud answers none that is not newer. */
  #answeredMs = 0
  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** The site's command queue, as last told: it changes when a bridge of the site is revoked. */
  get commandQueue(): string | undefined {
    return this.#current?.session.queues.commands
  }

  /** For an AWS client's `credentials`. */
  readonly provide = async () => {
    const session = await this.#fresh()
    const { accessKeyId, secretAccessKey, sessionToken } = session
    return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(this.#askAgainAt() + clientMarginMs) }
  }

  #askAgainAt(): number {
    return Math.max(this.#current?.renewAt ?? 0, this.#options.now() + retryMs)
  }

  async #fresh(): Promise<BridgeSession> {
    const { now, log } = this.#options
    const current = this.#current
    if (current && now() < current.renewAt) return current.session
    // One request for all clients that ask at once.
    this.#asking ??= this.#request().finally(() => {
      this.#asking = undefined
    })
    try {
      return await this.#asking
    } catch (error) {
      const isAlive = current && Date.parse(current.session.expiration) > now()
      if (!isAlive || !(error instanceof SessionRefusedError) || !error.shouldRetry()) throw error
      log.warn('session not renewed', { errorId: error.errorId, until: current.session.expiration })
      return current.session
    }
  }

  async #request(): Promise<BridgeSession> {
    // The second try has the cloud's own time; the third is ahead of what an earlier clock, wrong by less, has used up.
    for (const ahead of [0, 0, aheadMs]) {
      const timeMs = Math.max(this.#answeredMs + 1, this.#options.now() + this.#offsetMs + ahead)
      const { response, json } = await this.#post(timeMs)
      const parsed = v.safeParse(BridgeSession, json)
      if (response.status === 201 && parsed.success) {
        this.#answeredMs = timeMs
        return this.#keep(parsed.output)
      }
      const offset = Date.parse(response.headers.get('date') ?? '') - this.#options.now()
      if (![403, 409].includes(response.status) || Number.isNaN(offset)) throw refusal(response.status, json)
      this.#offsetMs = offset
    }
    throw new SessionRefusedError('clock-refused', "the cloud does not take this machine's time", false)
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
      throw new SessionRefusedError('api-unreachable', `no answer from ${new URL(api).host}`, false, { cause })
    }
  }
}

const Told = v.looseObject({ errorId: v.string(), detail: v.string() })

/** 401 alone is final: the bridge is not enrolled any more, and no waiting changes that. */
function refusal(status: number, json: unknown): SessionRefusedError {
  const told = v.safeParse(Told, json)
  const { errorId, detail } = told.success ? told.output : { errorId: `http-${status}`, detail: `HTTP ${status}` }
  return new SessionRefusedError(errorId, detail, status === 401)
}
