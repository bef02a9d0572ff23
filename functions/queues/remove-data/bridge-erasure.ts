import type { KeyObject } from 'node:crypto'
import { commandTimes, type EraseCommand, signCommand } from '../../../contracts/commands.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { Dialling } from '../../../contracts/numbers/phone-number.ts'
import type { Progress, RemovalJob } from '../../stores/removals.ts'
import type { SiteRow } from '../../stores/site-directory.ts'

/** Messages of a queue, as SQS counts them: those that wait, and those that a function has received. */
export interface QueueDepth {
  waiting: number
  inFlight: number
}
export interface BridgeErasureDependencies {
  directory: { row(site: SiteId): Promise<SiteRow | undefined> }
  bridges: { list(site: SiteId): Promise<{ publicKey?: string | undefined; revokedAt?: number | undefined }[]> }
  commands: { send(url: string, body: string): Promise<void> }
  signingKey(): Promise<KeyObject>
  /** The queues of events. */
  depths(): Promise<QueueDepth[]>
}

/** The command is repeated each minute until the bridge has confirmed it. SQS drops it after a minute. */
const deadlineMs = 60_000
/** What the bridge sent before its confirmation has reached the queues, and SQS's counts, after a minute. */
const settleMs = 75_000
/** So few messages are handled within seconds. */
const quietMessagesMax = 100
/** A message that fails is received five times, a minute apart, before it becomes a dead letter. */
const quietMs = 360_000

/** Asks the site's bridge to erase a number from its folder, unless the site has no bridge. Returns whether it has one. */
export async function askBridge(
  { site, id, number }: RemovalJob,
  { country, outsidePrefix }: Dialling,
  now: number,
  { directory, bridges, commands, signingKey }: BridgeErasureDependencies,
): Promise<boolean> {
  const enrolled = (await bridges.list(site)).filter(
    (one) => one.publicKey !== undefined && one.revokedAt === undefined,
  )
  const url = (await directory.row(site))?.commandQueue?.url
  if (enrolled.length === 0 || url === undefined || number === undefined) return false
  const prefix = outsidePrefix === undefined ? {} : { outsidePrefix }
  const command: EraseCommand = {
    command: 'erase',
    erasure: id,
    number,
    country,
    ...prefix,
    ...commandTimes(now, now + deadlineMs),
  }
  await commands.send(url, signCommand(site, command, await signingKey()))
  return true
}

/**
 * Looks whether every message that was in the queues when the bridge confirmed has left them. SQS cannot tell that of one
 * message. Either the queues are empty once, or few messages have waited for so long that the earlier ones were handled or are
 * dead letters by now; the next pass searches those.
 */
export async function lookAtQueues(
  { askedAt, bridgeErasedAt, quietSince }: RemovalJob,
  now: number,
  { depths }: Pick<BridgeErasureDependencies, 'depths'>,
): Promise<Pick<Progress, 'quietSince' | 'areQueuesEmpty'>> {
  if (now < (bridgeErasedAt ?? Date.parse(askedAt)) + settleMs) return {}
  const queues = await depths()
  if (queues.every(({ waiting, inFlight }) => waiting + inFlight === 0)) return { areQueuesEmpty: true }
  if (queues.some(({ waiting }) => waiting > quietMessagesMax)) return { quietSince: undefined }
  const since = quietSince ?? now
  return { quietSince: since, ...(now >= since + quietMs && { areQueuesEmpty: true }) }
}
