import type { Counters } from '../operate/counters.ts'
import type { Log } from '../operate/log.ts'
import { type AmiConnection, AmiUnavailableError } from './ami-connection.ts'
import { AmiHeaderError } from './ami-messages.ts'
import type { PbxReader } from './dial-plan.ts'

/**
 * Reads the PBX over the Manager Interface, with `write = reporting` and without a channel. An action for which the user lacks the
 * permission is not sent again on the same connection.
 */
export class AmiReader implements PbxReader {
  readonly #counters: Counters
  readonly #log: Log
  #connection: AmiConnection | undefined
  readonly #denied = new Set<string>()

  constructor(counters: Counters, log: Log) {
    this.#counters = counters
    this.#log = log
  }

  /** The connection has been opened, or has ended. */
  use(connection: AmiConnection | undefined): void {
    this.#connection = connection
    this.#denied.clear()
  }

  /** Whether the user lacks the permission for an action. */
  isDenied(action: string): boolean {
    return this.#denied.has(action)
  }

  async variable(name: string): Promise<string | undefined> {
    return (await this.ask({ Action: 'Getvar', Variable: name }))?.get('value')
  }

  async database(family: string, key: string): Promise<string | undefined> {
    const action = { Action: 'DBGet', Family: family, Key: key }
    const isDenied = () => this.#connection === undefined || this.#denied.has('DBGet')
    const answer = await this.#try(action, (connection) => connection.askForEvent(action, 'DBGetResponse'))
    return answer ? (answer.get('val') ?? '') : isDenied() ? undefined : ''
  }

  /** Returns the answer; `undefined` without a connection, for an action that is refused, and for a value that cannot be sent. */
  ask(headers: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, string> | undefined> {
    return this.#try(headers, (connection) => connection.ask(headers))
  }

  /** Asks for a list and returns the event that ends it; the events before are those of the connection. `undefined` as for `ask`. */
  list(headers: Readonly<Record<string, string>>, end: string): Promise<ReadonlyMap<string, string> | undefined> {
    return this.#try(headers, (connection) => connection.askForEvent(headers, end))
  }

  async #try(
    headers: Readonly<Record<string, string>>,
    send: (connection: AmiConnection) => Promise<ReadonlyMap<string, string>>,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const action = headers['Action'] ?? ''
    if (!this.#connection || this.#denied.has(action)) return undefined
    try {
      return await send(this.#connection)
    } catch (error) {
      const isRefused = error instanceof AmiUnavailableError && error.errorId === 'ami-refused'
      if (!isRefused && !(error instanceof AmiHeaderError)) throw error
      this.#counters.addError(error)
      if (isRefused && /permission denied/i.test(error.message)) {
        this.#denied.add(action)
        this.#log.warn('ami-permission-missing', {
          action,
          repair: 'give the AMI user write = reporting in manager.conf',
        })
      }
      return undefined
    }
  }
}
