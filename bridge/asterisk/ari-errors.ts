import { SwitchhookError } from '../../contracts/errors.ts'
import { errorCode, exitStatus, FatalError } from '../failure.ts'

/** ARI answered, but with an HTTP status that is no success. */
export class AriRefusedError extends SwitchhookError {
  readonly errorId: string
  readonly status: number
  constructor(status: number, what: string, options?: ErrorOptions) {
    super(`${what} answered ${status}`, options)
    this.status = status
    this.errorId = refusals[status] ?? 'ari-refused'
  }
  /** A PBX that starts up answers 400, 404 and 503 until its modules are loaded. */
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

/** Of Node's net and of undici, which connects anew for each that it gives. */
const unsentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Nothing answered: no connection, a broken one, or silence. */
export class AriUnreachableError extends SwitchhookError {
  readonly errorId = 'ari-unreachable'
  /** What answers in another protocol will go on doing so. */
  get isForeign(): boolean {
    const code = errorCode(this)
    return code.startsWith('HPE_') || code === 'WS_ERR_INVALID_OPCODE'
  }
  /** No connection came about, so nothing was asked of anyone. */
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

/** What to tell whoever starts the bridge, when ARI was not reached within the time a start has. */
export function startFailure(error: unknown, { url, user, application }: AriAddress): FatalError {
  const refused = (id: string, status: (typeof exitStatus)[keyof typeof exitStatus], sentence: string) =>
    new FatalError(id, status, sentence, { cause: error })
  if (error instanceof AriRefusedError) {
    const { errorId } = error
    if (error.status === 401) {
      return refused(
        errorId,
        exitStatus.noPermission,
        `Asterisk at ${url} refuses the password of the ARI user ${user}: mend ari.user and ari.password, see ari.conf`,
      )
    }
    if (error.status === 403) {
      return refused(
        errorId,
        exitStatus.noPermission,
        `the ARI user ${user} may only read: set read_only=no for it in ari.conf, the bridge sets its event filter`,
      )
    }
    if (error.status === 400) {
      return refused(
        errorId,
        exitStatus.config,
        `Asterisk at ${url} refuses the application ${application}: mend ari.application`,
      )
    }
    return refused(
      'not-an-ari',
      exitStatus.protocol,
      `what listens at ${url} is not Asterisk's ARI (it answers ${error.status}): mend ari.url, and enable ari.conf and http.conf`,
    )
  }
  const code = errorCode(error)
  if (error instanceof AriUnreachableError && error.isForeign) {
    return refused('not-an-ari', exitStatus.protocol, `what listens at ${url} does not speak HTTP: mend ari.url`)
  }
  const why = code === '' ? 'does not answer' : `cannot be reached (${code})`
  return refused(
    'ari-unreachable',
    exitStatus.unavailable,
    `Asterisk at ${url} ${why}: start it, or mend ari.url; its http.conf must be enabled`,
  )
}
