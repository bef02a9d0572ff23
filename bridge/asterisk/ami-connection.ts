import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { SwitchhookError } from '../../contracts/errors.ts'
import { errorCode } from '../failure.ts'
import { type AmiMessage, AmiMessages, encodeAction } from './ami-messages.ts'
import { SilenceWatch } from './silence-watch.ts'

export interface AmiAddress {
  host: string
  port: number
  user: string
  password: string
}

/** Asterisk answers within milliseconds or hangs. */
const answerMsMax = 5000
/** Each of the few callers sends one action at a time. */
const waitingMax = 100

/** The Manager Interface cannot be reached, does not answer, or refuses an action. */
export class AmiUnavailableError extends SwitchhookError {
  readonly errorId: string
  constructor(
    errorId: 'ami-unreachable' | 'ami-refused' | 'ami-login-refused',
    detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options)
    this.errorId = errorId
  }
  /** An operator can correct the PBX or its permissions without restarting the bridge. */
  override shouldRetry(): boolean {
    return true
  }
}

interface Waiting {
  resolve(message: AmiMessage): void
  reject(error: AmiUnavailableError): void
}

/** A connection to the Manager Interface (Asterisk's "AMI v2 Specification"), logged in by MD5 challenge. */
export class AmiConnection {
  readonly #socket: Socket
  readonly #onEvent: (event: AmiMessage) => void
  readonly #waiting = new Map<string, Waiting>()
  /** Events that answer an action, by its number. */
  readonly #expected = new Map<string, { event: string; resolve(message: AmiMessage): void }>()
  #count = 0
  readonly closed: Promise<string>

  private constructor(socket: Socket, onEvent: (event: AmiMessage) => void) {
    this.#socket = socket
    this.#onEvent = onEvent
    const messages = new AmiMessages()
    const watch = new SilenceWatch(socket, {
      // An answer shows that Asterisk lives; a missing one shows by the silence.
      ping: () => void this.ask({ Action: 'Ping' }).catch(() => undefined),
      destroy: () => socket.destroy(),
    })
    socket.on('data', (chunk) => {
      watch.seen()
      for (const message of messages.push(chunk)) this.#take(message)
    })
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(noAnswer('the connection'))
    })
    this.closed = watch.closed
  }

  /** Connects and logs in. `onEvent` must not block. Throws AmiUnavailableError. */
  static async open(address: AmiAddress, onEvent: (event: AmiMessage) => void, signal: AbortSignal) {
    const socket = await dial(address, signal)
    const connection = new AmiConnection(socket, onEvent)
    const close = () => connection.close()
    signal.addEventListener('abort', close, { once: true })
    // The signal may live as long as the process, and there may be a connection each second.
    void connection.closed.then(() => signal.removeEventListener('abort', close))
    try {
      await connection.#logIn(address)
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async #logIn({ user, password }: AmiAddress): Promise<void> {
    const challenge = (await this.ask({ Action: 'Challenge', AuthType: 'MD5' })).get('challenge') ?? ''
    const key = createHash('md5').update(challenge).update(password).digest('hex')
    await this.ask({ Action: 'Login', AuthType: 'MD5', Username: user, Key: key }).catch((cause: unknown) => {
      if (!(cause instanceof AmiUnavailableError) || cause.errorId !== 'ami-refused') throw cause
      throw new AmiUnavailableError(
        'ami-login-refused',
        'Asterisk refuses the AMI user: correct ami.user and ami.password',
        {
          cause,
        },
      )
    })
  }

  /** Sends an action and returns the headers of the answer. Throws AmiUnavailableError, or AmiHeaderError before sending. */
  async ask(headers: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, string>> {
    this.#count += 1
    const id = String(this.#count)
    const action = headers['Action'] ?? ''
    const bytes = encodeAction({ ...headers, ActionID: id })
    if (this.#waiting.size >= waitingMax)
      throw new AmiUnavailableError('ami-unreachable', 'too many actions are waiting for Asterisk')
    const { promise, resolve, reject } = Promise.withResolvers<AmiMessage>()
    const timer = setTimeout(() => reject(noAnswer(action)), answerMsMax)
    this.#waiting.set(id, { resolve, reject })
    this.#socket.write(bytes)
    try {
      const answer = (await promise).headers
      if (answer.get('response') === 'Success') return answer
      throw new AmiUnavailableError('ami-refused', `${action}: ${answer.get('message') ?? 'refused'}`)
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  /** Sends an action whose answer is one event, and returns its headers. Throws as `ask`. */
  async askForEvent(headers: Readonly<Record<string, string>>, event: string): Promise<ReadonlyMap<string, string>> {
    const { promise, resolve, reject } = Promise.withResolvers<AmiMessage>()
    const timer = setTimeout(() => reject(noAnswer(headers['Action'] ?? '')), answerMsMax)
    // Asterisk answers the action first, so `ask` gives it the next number.
    const id = String(this.#count + 1)
    this.#expected.set(id, { event, resolve })
    // The answer may have failed meanwhile, and then nobody waits for the event.
    promise.catch(() => undefined)
    try {
      await this.ask(headers)
      return (await promise).headers
    } finally {
      clearTimeout(timer)
      this.#expected.delete(id)
    }
  }

  #take(message: AmiMessage): void {
    const expected = this.#expected.get(message.headers.get('actionid') ?? '')
    if (expected && message.headers.get('event') === expected.event) expected.resolve(message)
    else if (message.headers.has('event')) this.#onEvent(message)
    else this.#waiting.get(message.headers.get('actionid') ?? '')?.resolve(message)
  }

  close(): void {
    this.#socket.destroy()
  }
}

function dial({ host, port }: AmiAddress, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
    const fail = (cause?: unknown) => {
      limit.removeEventListener('abort', fail)
      socket.destroy()
      const why = errorCode(cause) || 'no answer'
      reject(new AmiUnavailableError('ami-unreachable', `${host}:${port}: ${why}`, { cause }))
    }
    const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)])
    limit.addEventListener('abort', fail, { once: true })
    socket.once('error', fail)
    socket.once('connect', () => {
      limit.removeEventListener('abort', fail)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

function noAnswer(what: string): AmiUnavailableError {
  return new AmiUnavailableError('ami-unreachable', `${what}: no answer`)
}
