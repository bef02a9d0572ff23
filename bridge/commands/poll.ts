import type { KeyObject } from 'node:crypto'
import { type Command, CommandRefused, openCommand } from '../../contracts/commands.ts'
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
  execute: { run(command: Command, settle: () => Promise<void>, signal: AbortSignal): Promise<void> }
  counters: Counters
  log: Log
}

/** Commands live 15 s: after an outage the queue is asked again well within that. */
const pollBackoff = { firstMs: 200, longestMs: 5_000 }

/** Takes commands from the queue, up to ten at once, for as long as the bridge runs. */
export async function pollCommands(parts: PollDependencies, signal: AbortSignal): Promise<void> {
  const { queue, counters, log } = parts
  const backoff = new Backoff(pollBackoff)
  while (!signal.aborted) {
    try {
      const messages = await queue.receive(signal)
      backoff.reset()
      await Promise.all(messages.map((message) => takeOne(message, parts, signal)))
    } catch (error) {
      if (signal.aborted) return
      counters.add('command-poll-failed')
      log.warn('commands not fetched', { reason: describeError(error) })
      await wait(backoff.nextMs(), signal)
    }
  }
}

/** One that fails stays in the queue; what it had begun is known by its claim when it comes again. */
async function takeOne(
  { body, receipt }: ReceivedMessage,
  parts: PollDependencies,
  signal: AbortSignal,
): Promise<void> {
  const { queue, counters, log } = parts
  const settle = () => queue.delete(receipt)
  try {
    await parts.execute.run(openCommand(body, parts.site, parts.publicKey), settle, signal)
  } catch (error) {
    const errorId = error instanceof CommandRefused ? error.errorId : 'command-failed'
    counters.add(errorId)
    log.warn(errorId, { reason: describeError(error) })
    if (error instanceof CommandRefused) await settle()
  }
}
