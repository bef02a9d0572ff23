import { SwitchhookError } from '../../contracts/errors.ts'
import { exitStatus, FatalError } from '../failure.ts'
import { describeError } from '../operate/log.ts'

/** The kind of a failed SQS call. It is fatal only when the bridge starts; later, the bridge retries after every kind. */
export type SqsFault = 'queue-missing' | 'credentials' | 'expired' | 'denied' | 'content' | 'unavailable'

const names: Readonly<Record<string, SqsFault>> = {
  QueueDoesNotExist: 'queue-missing',
  'AWS.SimpleQueueService.NonExistentQueue': 'queue-missing',
  NonExistentQueue: 'queue-missing',
  CredentialsProviderError: 'credentials',
  InvalidClientTokenId: 'credentials',
  UnrecognizedClientException: 'credentials',
  InvalidSignatureException: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  ExpiredToken: 'expired',
  ExpiredTokenException: 'expired',
  InvalidAccessKeyId: 'credentials',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  InvalidMessageContents: 'content',
  BatchRequestTooLong: 'content',
  InvalidParameterValue: 'content',
  InvalidParameterValueException: 'content',
}

export function sqsFault(error: unknown): SqsFault {
  return error instanceof Error ? (names[error.name] ?? 'unavailable') : 'unavailable'
}

/** Whether SQS rejected a body for its content. `code` is the `Code` of a batch entry. */
export function isContentFault(code: string): boolean {
  return names[code] === 'content' || code === 'MessageTooLong'
}

/** An SQS call failed as a whole. The spool and the CDR file still have its data. */
export class QueueUnavailableError extends SwitchhookError {
  readonly errorId = 'queue-unavailable'
  readonly fault: SqsFault
  constructor(cause: unknown) {
    super(describeError(cause), { cause })
    this.fault = sqsFault(cause)
  }
  override shouldRetry(): boolean {
    return true
  }
}

/** Returns the error with which the bridge refuses to start, or `undefined` if retrying can help. */
export function startErrorFor(error: unknown, queue: string, url: string): FatalError | undefined {
  const fault = sqsFault(error)
  if (fault === 'queue-missing') {
    const sentence = `the queue ${url} does not exist: correct queues.${queue}, or deploy the stack that creates it`
    return new FatalError('queue-missing', exitStatus.config, sentence, { cause: error })
  }
  if (fault === 'credentials' || fault === 'expired') {
    const sentence =
      'SQS rejects the AWS credentials, or the bridge found no credentials: give the bridge a profile, a role or a key pair'
    return new FatalError('credentials-refused', exitStatus.noPermission, sentence, { cause: error })
  }
  return undefined
}
