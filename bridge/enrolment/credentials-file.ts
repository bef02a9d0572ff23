import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import { errorCode } from '../failure.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { CloudClock } from '../operate/cloud-clock.ts'
import type { Log } from '../operate/log.ts'

/** The file is read this often while the bridge sends. */
const rereadMs = 30_000

/** The output format of `credential_process` (AWS SDKs and Tools Reference Guide, "Process credential provider"). */
const Credentials = v.looseObject({
  AccessKeyId: v.pipe(v.string(), v.minLength(1)),
  SecretAccessKey: v.pipe(v.string(), v.minLength(1)),
  SessionToken: v.optional(v.string()),
  Expiration: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => !Number.isNaN(Date.parse(text))),
    ),
  ),
})
type Credentials = v.InferOutput<typeof Credentials>

/** The file has no usable credentials now. The process that renews it may do so at any moment. */
export class CredentialsUnusableError extends SwitchhookError {
  readonly errorId = 'credentials-file-unusable'
  constructor(why: string, options?: ErrorOptions) {
    super(`the credentials file ${why}`, options)
  }
  override shouldRetry(): boolean {
    return true
  }
}

export interface CredentialsFileOptions {
  path: string
  log: Log
  /** The cloud's time, by which an expiration is judged. Before it is known, only SQS judges: this machine's clock may be wrong. */
  cloud: Pick<CloudClock, 'isKnown' | 'nowMs'>
  clock?: Pick<Clock, 'monotonicMs'>
}

/**
 * AWS credentials from a file that another process renews. New credentials are used within 30 s, and at once if SQS says that
 * the old ones have expired. While the file is missing or half written, the last ones are used until they expire.
 */
export class CredentialsFile {
  readonly #path: string
  readonly #log: Log
  readonly #cloud: Pick<CloudClock, 'isKnown' | 'nowMs'>
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #last: Credentials | undefined
  /** When to read the file again, by the monotonic clock. */
  #readAgainMs = Number.NEGATIVE_INFINITY

  constructor({ path, log, cloud, clock = realClock }: CredentialsFileOptions) {
    this.#path = path
    this.#log = log
    this.#cloud = cloud
    this.#clock = clock
  }

  /** The `credentials` option of an AWS client. @throws CredentialsUnusableError */
  readonly provide = async () => {
    const { AccessKeyId, SecretAccessKey, SessionToken } = await this.#newest()
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      ...(SessionToken !== undefined && { sessionToken: SessionToken }),
      // Long past, so that the client asks for each request: it would judge a later time by the wall clock.
      expiration: new Date(0),
    }
  }

  /** SQS says that the credentials have expired: the next request reads the file. */
  readonly expired = (): void => {
    this.#readAgainMs = Number.NEGATIVE_INFINITY
  }

  async #newest(): Promise<Credentials> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#last && nowMs < this.#readAgainMs && this.#isAlive(this.#last)) return this.#last
    try {
      const read = await this.#read()
      if (read.AccessKeyId !== this.#last?.AccessKeyId) this.#log.info('credentials read', { until: read.Expiration })
      this.#last = read
      this.#readAgainMs = nowMs + rereadMs
      return read
    } catch (error) {
      if (!(error instanceof CredentialsUnusableError) || !this.#last || !this.#isAlive(this.#last)) throw error
      this.#log.warn(error.errorId, { reason: error.message })
      return this.#last
    }
  }

  async #read(): Promise<Credentials> {
    let content: string
    try {
      content = await readFile(this.#path, 'utf8')
    } catch (cause) {
      throw new CredentialsUnusableError(`cannot be read (${errorCode(cause)})`, { cause })
    }
    const parsed = v.safeParse(Credentials, parseJson(content))
    // The message must not quote the file, which contains a secret.
    if (!parsed.success)
      throw new CredentialsUnusableError(
        'is not in the format of credential_process, {"Version": 1, "AccessKeyId": ..., "SecretAccessKey": ...}',
      )
    if (!this.#isAlive(parsed.output)) throw new CredentialsUnusableError(`has expired (${parsed.output.Expiration})`)
    return parsed.output
  }

  #isAlive({ Expiration }: Credentials): boolean {
    return Expiration === undefined || !this.#cloud.isKnown || Date.parse(Expiration) > this.#cloud.nowMs()
  }
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
