import type { KeyObject } from 'node:crypto'
import { type Command, CommandRefusedError, openCommand } from '../../contracts/commands.ts'
import type { SiteId } from '../../contracts/names.ts'
import { Backoff } from '../backoff.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { wait } from '../operate/wait.ts'
import type { ReceivedMessage } from './command-queue.ts'

export interface PollDependencies {
  site: SiteId
  publicKey: KeyObject
  queue: { receive(signal: AbortSignal): Promise<ReceivedMessage[]>; delete(receipt: string): Promise<void> }
  execute: { run(command: Command, deleteMessage: () => Promise<void>, signal: AbortSignal): Promise<void> }
  /** Gets why a poll failed; `undefined` if it did not. */
  onPolled?(failure: string | undefined): void
  counters: Counters
  log: Log
}

/** Commands expire after 15 s, so the bridge polls again within 5 s after an outage. */
const pollBackoff = { firstMs: 200, longestMs: 5_000 }

/** Receives and executes commands, up to ten at once, until the signal aborts. */
export async function pollCommands(dependencies: PollDependencies, signal: AbortSignal): Promise<void> {
  const { queue, counters, log, onPolled } = dependencies
  const backoff = new Backoff(pollBackoff)
  while (!signal.aborted) {
    try {
      const messages = await queue.receive(signal)
      backoff.reset()
      onPolled?.(undefined)
      await Promise.all(messages.map((message) => handleMessage(message, dependencies, signal)))
    } catch (error) {
      if (signal.aborted) return
      onPolled?.(describeError(error))
      counters.add('command-poll-failed')
      log.warn('receiving commands failed', { reason: describeError(error) })
      await wait(backoff.nextMs(), signal)
    }
  }
}

/** A command whose execution fails stays in the queue. When SQS delivers it again, its claim shows that it was begun. */
async function handleMessage(
  { body, receipt }: ReceivedMessage,
  dependencies: PollDependencies,
  signal: AbortSignal,
): Promise<void> {
  const { queue, counters, log } = dependencies
  const deleteMessage = () => queue.delete(receipt)
  try {
    await dependencies.execute.run(openCommand(body, dependencies.site, dependencies.publicKey), deleteMessage, signal)
  } catch (error) {
    const errorId = error instanceof CommandRefusedError ? error.errorId : 'command-failed'
    counters.add(errorId)
    log.warn(errorId, { reason: describeError(error) })
    if (error instanceof CommandRefusedError) await deleteMessage()
  }
}
