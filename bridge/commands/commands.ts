import { createPublicKey, type KeyObject } from 'node:crypto'
import type { SQSClientConfig } from '@aws-sdk/client-sqs'
import { AriRest } from '../asterisk/ari-rest.ts'
import { DialPlan } from '../asterisk/dial-plan.ts'
import { exitStatus, FatalError } from '../failure.ts'
import type { PlacedCalls } from '../normalise/placed-calls.ts'
import type { Counters } from '../operate/counters.ts'
import type { Log } from '../operate/log.ts'
import { CommandExecutor, type CommandExecutorDependencies } from './command-executor.ts'
import { CommandQueue } from './command-queue.ts'
import { Journal } from './journal.ts'
import { pollCommands } from './poll.ts'
import type { VerifyDays } from './verify-day.ts'

export interface CommandsDependencies {
  site: string
  region: string
  stateFolder: string
  ari: { url: string; user: string; password: string }
  /** SPKI, PEM; without it nothing is taken. */
  deploymentPublicKey: string | undefined
  credentials: SQSClientConfig['credentials'] | undefined
  queueUrl: () => string
  placed: PlacedCalls
  presence: CommandExecutorDependencies['presence']
  days: VerifyDays
  setPace: CommandExecutorDependencies['setPace']
  counters: Counters
  log: Log
}

/** A told end is noted this much later: by then the spool has it, and a crash before only tells it again. */
const endedAfterMs = 5_000

/** The way back in: commands from the cloud, done at most once, followed to their end. */
export class Commands {
  readonly #parts: CommandsDependencies
  readonly #journal: Journal
  readonly #queue: CommandQueue
  readonly #endedAt = new Map<string, number>()

  constructor(parts: CommandsDependencies) {
    this.#parts = parts
    this.#journal = new Journal(parts.stateFolder)
    this.#queue = new CommandQueue(parts.region, parts.credentials, parts.queueUrl)
  }

  /** Before Asterisk is reached: what an earlier process had begun is taken up at the first connection. */
  async open(nowMs: number): Promise<void> {
    for (const { call, request } of await this.#journal.open(nowMs)) {
      this.#parts.placed.begin(call, request)
      this.#parts.placed.sent(call)
    }
  }

  /** Runs until the signal aborts. Throws FatalError if the deployment's key is none. */
  async run(signal: AbortSignal): Promise<void> {
    const { deploymentPublicKey, ari, ...parts } = this.#parts
    if (deploymentPublicKey === undefined) return
    const publicKey = readPublicKey(deploymentPublicKey)
    const queue = this.#queue
    const rest = new AriRest(ari.url, ari)
    const dialPlan = new DialPlan(rest)
    const execute = new CommandExecutor({
      ...parts,
      ari: rest,
      dialPlan,
      journal: this.#journal,
      nowMs: () => queue.nowMs(),
    })
    await pollCommands({ ...parts, publicKey, queue, execute }, signal)
    await parts.days.idle()
  }

  /** To be called each second. */
  async tick(nowMs: number): Promise<void> {
    for (const call of this.#parts.placed.takeEnded()) this.#endedAt.set(call, nowMs)
    for (const [call, at] of this.#endedAt) {
      if (nowMs - at < endedAfterMs) continue
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
    const sentence = "deploymentPublicKey is no public key in PEM: take the one that the bridge's enrolment gave"
    throw new FatalError('deployment-key-invalid', exitStatus.config, sentence, { cause })
  }
}
