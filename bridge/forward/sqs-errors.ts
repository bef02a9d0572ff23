import { SwitchhookError } from '../../contracts/errors.ts'
import { exitStatus, FatalError } from '../failure.ts'
import { describeError } from '../operate/log.ts'

/** What a failed call to SQS means. Only the bridge's start makes an end of it; later, all of it is waited out. */
export type SqsFault = 'queue-missing' | 'credentials' | 'denied' | 'content' | 'unavailable'

const names: Readonly<Record<string, SqsFault>> = {
  QueueDoesNotExist: 'queue-missing',
  'AWS.SimpleQueueService.NonExistentQueue': 'queue-missing',
  NonExistentQueue: 'queue-missing',
  CredentialsProviderError: 'credentials',
  InvalidClientTokenId: 'credentials',
  UnrecognizedClientException: 'credentials',
  InvalidSignatureException: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  ExpiredToken: 'credentials',
  ExpiredTokenException: 'credentials',
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

/** A body that SQS refuses for what it is. Entries name a fault by `Code`. */
export function isContentFault(code: string): boolean {
  return names[code] === 'content' || code === 'MessageTooLong'
}

/** One call to SQS failed as a whole; the spool and the CDR file still hold what it carried. */
export class QueueUnavailableError extends SwitchhookError {
  readonly errorId = 'queue-unavailable'
  readonly fault: SqsFault
  constructor(cause: unknown) {
    super(describeError(cause), { cause })
    this.name = 'QueueUnavailableError'
    this.fault = sqsFault(cause)
  }
  override shouldRetry(): boolean {
    return true
  }
}

/** Why the bridge does not start with these queues or credentials, or `undefined` if waiting may help. */
export function startErrorFor(error: unknown, queue: string, url: string): FatalError | undefined {
  const fault = sqsFault(error)
  if (fault === 'queue-missing') {
    const sentence = `the queue ${url} does not exist: mend queues.${queue}, or deploy the stack that makes it`
    return new FatalError('queue-missing', exitStatus.config, sentence, { cause: error })
  }
  if (fault === 'credentials') {
    const sentence =
      'SQS does not accept the AWS credentials, or there are none: give the bridge a profile, a role or a key pair'
    return new FatalError('credentials-refused', exitStatus.noPermission, sentence, { cause: error })
  }
  return undefined
}
