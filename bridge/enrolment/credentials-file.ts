import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import { errorCode } from '../failure.ts'
import type { Log } from '../operate/log.ts'

/** The AWS clients ask for credentials again five minutes before the end that they are told. */
const clientMarginMs = 5 * 60_000
/** So often is the file looked at, while something is sent. */
const lookAgainMs = 30_000

/** As AWS's `credential_process` writes them (AWS SDKs and Tools Reference Guide, "Process credential provider"). */
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

/** The file holds no credentials that can be used now. Whoever renews it may do so any moment. */
export class CredentialsUnusableError extends SwitchhookError {
  readonly errorId = 'credentials-file-unusable'
  constructor(why: string, options?: ErrorOptions) {
    super(`the credentials file ${why}`, options)
    this.name = 'CredentialsUnusableError'
  }
  override shouldRetry(): boolean {
    return true
  }
}

export interface CredentialsFileOptions {
  path: string
  log: Log
  nowMs?: () => number
}

/**
 * AWS credentials that something else renews in a file. What is newest in it is used within half a minute; while it is
 * half written or away, what was read before goes on being used.
 */
export class CredentialsFile {
  readonly #path: string
  readonly #log: Log
  readonly #nowMs: () => number
  #last: Credentials | undefined

  constructor({ path, log, nowMs = Date.now }: CredentialsFileOptions) {
    this.#path = path
    this.#log = log
    this.#nowMs = nowMs
  }

  /** For an AWS client's `credentials`. Throws CredentialsUnusableError. */
  readonly provide = async () => {
    const { AccessKeyId, SecretAccessKey, SessionToken } = await this.#newest()
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      ...(SessionToken !== undefined && { sessionToken: SessionToken }),
      expiration: new Date(this.#nowMs() + clientMarginMs + lookAgainMs),
    }
  }

  async #newest(): Promise<Credentials> {
    try {
      const read = await this.#read()
      if (read.AccessKeyId !== this.#last?.AccessKeyId) this.#log.info('credentials read', { until: read.Expiration })
      this.#last = read
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
    // What is in it is a secret, so no word of it is said.
    if (!parsed.success) throw new CredentialsUnusableError('is not as credential_process writes it')
    if (!this.#isAlive(parsed.output)) throw new CredentialsUnusableError(`has expired (${parsed.output.Expiration})`)
    return parsed.output
  }

  #isAlive({ Expiration }: Credentials): boolean {
    return Expiration === undefined || Date.parse(Expiration) > this.#nowMs()
  }
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
