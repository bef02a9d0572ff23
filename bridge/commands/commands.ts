import { createPublicKey, type KeyObject } from 'node:crypto'
import { AriRest } from '../asterisk/ari-rest.ts'
import { DialPlan } from '../asterisk/dial-plan.ts'
import { exitStatus, FatalError } from '../failure.ts'
import type { SqsAccess } from '../forward/sqs-client.ts'
import type { PlacedCalls } from '../normalise/placed-calls.ts'
import type { ComponentState } from '../operate/components.ts'
import { CommandExecutor, type CommandExecutorDependencies } from './command-executor.ts'
import { CommandQueue } from './command-queue.ts'
import type { DayVerifier } from './day-verifier.ts'
import { Eraser, type EraserDependencies } from './eraser.ts'
import { Journal } from './journal.ts'
import { pollCommands } from './poll.ts'

export interface CommandsDependencies extends Omit<EraserDependencies, 'journal'> {
  region: string
  stateFolder: string
  ari: { url: string; user: string; password: string }
  /** Public key (SPKI, PEM) that verifies commands. Without it, the bridge takes no commands. */
  deploymentPublicKey: string | undefined
  access: SqsAccess
  queueUrl: () => string
  placed: PlacedCalls
  presence: CommandExecutorDependencies['presence']
  days: DayVerifier
  setPace: CommandExecutorDependencies['setPace']
}

/** Journal the end of a call this much later, when the spool has persisted it. A crash before only publishes it again. */
const journalEndAfterMs = 5_000

/** Receives commands from the cloud, executes each at most once, and journals the end of placed calls. */
export class Commands {
  readonly #dependencies: CommandsDependencies
  readonly #journal: Journal
  readonly #queue: CommandQueue
  readonly #endedAt = new Map<string, number>()
  #failure: string | undefined

  constructor(dependencies: CommandsDependencies) {
    this.#dependencies = dependencies
    this.#journal = new Journal(dependencies.stateFolder)
    this.#queue = new CommandQueue(dependencies.region, dependencies.access, dependencies.queueUrl)
  }

  /** Loads the calls that an earlier process placed. `nowMs`: Unix milliseconds by the cloud's clock. Call it before Asterisk is connected: the first connection looks for them. */
  async open(nowMs: number): Promise<void> {
    for (const { call, request } of await this.#journal.open(nowMs)) {
      this.#dependencies.placed.begin(call, request)
      this.#dependencies.placed.sent(call)
    }
  }

  /** Down once a poll fails. The first one waits 20 s for a message, and nothing is wrong meanwhile. */
  get state(): ComponentState {
    return { isUp: this.#failure === undefined, reason: this.#failure ?? 'commands are received' }
  }

  /** Runs until the signal aborts. @throws FatalError if `deploymentPublicKey` is not a public key */
  async run(signal: AbortSignal): Promise<void> {
    const { deploymentPublicKey, ari, ...rest } = this.#dependencies
    if (deploymentPublicKey === undefined) return
    const publicKey = readPublicKey(deploymentPublicKey)
    const queue = this.#queue
    const ariRest = new AriRest(ari.url, ari)
    const dialPlan = new DialPlan(ariRest)
    const eraser = new Eraser({ ...rest, journal: this.#journal })
    const execute = new CommandExecutor({
      ...rest,
      eraser,
      ari: ariRest,
      dialPlan,
      journal: this.#journal,
      nowMs: () => queue.nowMs(),
    })
    const onPolled = (failure: string | undefined) => {
      this.#failure = failure
    }
    await pollCommands({ ...rest, publicKey, queue, execute, onPolled }, signal)
    await Promise.all([rest.days.idle(), eraser.idle()])
  }

  /** Call it every second, with the time of a clock that never goes back. */
  async tick(nowMs: number): Promise<void> {
    for (const call of this.#dependencies.placed.takeEnded()) this.#endedAt.set(call, nowMs)
    for (const [call, at] of this.#endedAt) {
      if (nowMs - at < journalEndAfterMs) continue
      await this.#journal.noteEnded(call)
      this.#endedAt.delete(call)
    }
  }

  stop(): void {
    this.#queue.stop()
  }
}

function readPublicKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch (cause) {
    const sentence = 'deploymentPublicKey is not a public key in PEM format: use the key that enrolment returned'
    throw new FatalError('deployment-key-invalid', exitStatus.config, sentence, { cause })
  }
}
