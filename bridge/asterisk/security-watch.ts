import type { Attack } from '../../contracts/facts.ts'
import { isWaitedOut } from '../failure.ts'
import { AttackTally } from '../normalise/attacks.ts'
import type { Clock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { Notifier } from '../operate/wait.ts'
import { type AmiAddress, AmiConnection } from './ami-connection.ts'
import { ReconnectPolicy } from './reconnect-policy.ts'

/** An attack is published this long after its tenth guess at most. */
const turnMs = 2_000

export interface SecurityWatchDependencies {
  address: AmiAddress
  counters: Counters
  clock: Clock
  onAttack(attack: Attack): void
}

/**
 * Counts who is refused by Asterisk, over a connection of its own to the Manager Interface that asks for events of class `security` alone: a
 * flood of them delays nothing else, and a connection that Asterisk closes for it comes back. Needs `read = security`.
 */
export class SecurityWatch {
  readonly #dependencies: SecurityWatchDependencies
  readonly #notifier: Notifier
  readonly #tally = new AttackTally()

  constructor(dependencies: SecurityWatchDependencies) {
    this.#dependencies = dependencies
    this.#notifier = new Notifier(dependencies.clock)
  }

  /** Asterisk is there again: connects at once. */
  refresh(): void {
    this.#notifier.notify()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, counters } = this.#dependencies
    const policy = new ReconnectPolicy(clock.random)
    while (!signal.aborted) {
      const begunMs = clock.monotonicMs()
      try {
        await this.#connection(signal)
      } catch (error) {
        // The watch of the mailboxes reports what is wrong with the user.
        if (!isWaitedOut(error)) throw error
        if (!signal.aborted) counters.addError(error)
      }
      await this.#notifier.wait(signal, policy.nextMs(clock.monotonicMs() - begunMs))
    }
  }

  async #connection(signal: AbortSignal): Promise<void> {
    const { address, clock, counters, onAttack } = this.#dependencies
    const ended = new AbortController()
    const take = ({ headers, isCut }: { headers: ReadonlyMap<string, string>; isCut: boolean }) => {
      if (isCut) counters.add('ami-message-cut')
      this.#tally.note(headers, clock.nowMs())
    }
    const connection = await AmiConnection.open(address, take, signal)
    void connection.closed.then(() => ended.abort())
    try {
      await connection.ask({ Action: 'Events', EventMask: 'security' })
      while (!ended.signal.aborted) {
        await this.#notifier.wait(ended.signal, turnMs)
        for (const attack of this.#tally.take(clock.nowMs())) onAttack(attack)
      }
    } finally {
      connection.close()
    }
  }
}
