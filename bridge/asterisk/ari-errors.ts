import { SwitchhookError } from '../../contracts/errors.ts'
import { errorCode, exitStatus, FatalError } from '../failure.ts'

/** ARI answered with an HTTP error. */
export class AriRefusedError extends SwitchhookError {
  readonly errorId: string
  readonly status: number
  /** The header `Server` of the answer: Asterisk names itself, unless http.conf has another `servername`. */
  readonly #server: string
  constructor(status: number, what: string, options: ErrorOptions & { server?: string | null } = {}) {
    super(`${what} answered ${status}`, options)
    this.status = status
    this.errorId = refusals[status] ?? 'ari-refused'
    this.#server = options.server ?? ''
  }
  /** Another server than Asterisk does not know the request. A proxy before an Asterisk that is away answers 502 to 504. */
  get isForeign(): boolean {
    return this.status < 500 && !/asterisk/i.test(this.#server)
  }
  /** A starting PBX answers 400, 404 and 503 until it has loaded its modules. */
  override shouldRetry(): boolean {
    return this.status !== 401 && this.status !== 403
  }
}

const refusals: Readonly<Record<number, string>> = {
  400: 'ari-application-refused',
  401: 'ari-password-wrong',
  403: 'ari-user-read-only',
  404: 'ari-not-found',
}

/** Codes of Node's net and undici that mean: no connection was made. */
const unsentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** ARI did not answer: no connection, a broken one, or silence. */
export class AriUnreachableError extends SwitchhookError {
  readonly errorId = 'ari-unreachable'
  /** The peer speaks another protocol, so a retry cannot help. */
  get isForeign(): boolean {
    const code = errorCode(this)
    return code.startsWith('HPE_') || code === 'WS_ERR_INVALID_OPCODE'
  }
  /** No connection was made, so Asterisk never got the request. */
  get isUnsent(): boolean {
    return unsentCodes.has(errorCode(this))
  }
  override shouldRetry(): boolean {
    return !this.isForeign
  }
}

export interface AriAddress {
  url: string
  user: string
  application: string
}

/** Returns the error that tells an operator why ARI could not be reached within the time limit of a start. */
export function startFailure(error: unknown, { url, user, application }: AriAddress): FatalError {
  const refused = (id: string, status: (typeof exitStatus)[keyof typeof exitStatus], sentence: string) =>
    new FatalError(id, status, sentence, { cause: error })
  if (error instanceof AriRefusedError) {
    const { errorId } = error
    if (error.status === 401) {
      return refused(
        errorId,
        exitStatus.noPermission,
        `Asterisk at ${url} refuses the password of the ARI user ${user}: correct ari.user and ari.password, see ari.conf`,
      )
    }
    if (error.status === 403) {
      return refused(
        errorId,
        exitStatus.noPermission,
        `the ARI user ${user} is read-only: set read_only=no for it in ari.conf, since the bridge must set its event filter`,
      )
    }
    if (error.status === 400) {
      return refused(
        errorId,
        exitStatus.config,
        `Asterisk at ${url} refuses the application ${application}: correct ari.application`,
      )
    }
    return refused(
      'not-an-ari',
      exitStatus.protocol,
      `what listens at ${url} is not Asterisk's ARI (it answers ${error.status}): correct ari.url, and enable ari.conf and http.conf`,
    )
  }
  const code = errorCode(error)
  if (error instanceof AriUnreachableError && error.isForeign) {
    return refused('not-an-ari', exitStatus.protocol, `what listens at ${url} does not speak HTTP: correct ari.url`)
  }
  const why = code === '' ? 'does not answer' : `cannot be reached (${code})`
  return refused(
    'ari-unreachable',
    exitStatus.unavailable,
    `Asterisk at ${url} ${why}: start it, or correct ari.url; http.conf must be enabled`,
  )
}
