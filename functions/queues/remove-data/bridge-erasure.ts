import type { KeyObject } from 'node:crypto'
import { commandTimes, type EraseCommand, signCommand } from '../../../contracts/commands.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { Dialling } from '../../../contracts/numbers/phone-number.ts'
import type { BridgeRow } from '../../stores/bridges.ts'
import { hasConfirmed, type Progress, type RemovalJob } from '../../stores/removals.ts'
import type { SiteRow } from '../../stores/site-directory.ts'

/** Messages of a queue, as SQS counts them: those that wait, and those that a function has received. */
export interface QueueDepth {
  waiting: number
  inFlight: number
}
/** Queues that a message passes at the same time of its way. */
export interface QueueStage {
  depths(): Promise<QueueDepth[]>
  /** After this time a message has been handled, or has failed as often as the queue allows and is a dead letter. */
  quietMs: number
}
export interface BridgeErasureDependencies {
  directory: { row(site: SiteId): Promise<SiteRow | undefined> }
  bridges: { list(site: SiteId): Promise<Pick<BridgeRow, 'sk' | 'publicKey' | 'revokedAt'>[]> }
  commands: { send(url: string, body: string): Promise<void> }
  signingKey(): Promise<KeyObject>
  /** In the order in which messages pass them: those of a stage may come from the stage before. */
  stages: readonly QueueStage[]
}

/** The command is repeated each minute until the bridge has confirmed it. SQS drops it after a minute. */
const deadlineMs = 60_000
/** What the bridge sent before its confirmation has reached the queues, and SQS's counts, after a minute. */
const settleMs = 75_000
/** So few messages are handled within seconds. */
const quietMessagesMax = 100
/** Messages of the lanes: one that fails is received five times, a minute apart, before it becomes a dead letter. */
export const laneQuietMs = 360_000
/** Events of webhooks: up to 300 s of delay, then five times, three minutes apart (infra/cloud/queues.yml). */
export const eventsQuietMs = 1_260_000

/**
 * Asks the site's bridges to erase a number from their folders. Returns those that have still to confirm it; none if the site has
 * no bridge. All read the same queue, so the command is repeated until each has taken one.
 */
export async function askBridges(
  removal: RemovalJob,
  { country, outsidePrefix }: Dialling,
  now: number,
  { directory, bridges, commands, signingKey }: BridgeErasureDependencies,
): Promise<string[]> {
  const { site, id, number } = removal
  const left = (await bridges.list(site)).filter(
    (one) => one.publicKey !== undefined && one.revokedAt === undefined && !hasConfirmed(removal, one.sk),
  )
  const url = (await directory.row(site))?.commandQueue?.url
  if (left.length === 0 || url === undefined || number === undefined) return []
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
  return left.map(({ sk }) => sk)
}

/**
 * Looks whether every message that was in the queues when the bridges confirmed has left them, stage by stage. SQS cannot tell
 * that of one message. Either the queues of a stage are empty once, or few messages have waited for so long that the earlier ones
 * were handled or are dead letters by now; the next pass searches those.
 */
export async function lookAtQueues(
  { askedAt, bridgeErasedAt, quietSince, queueStage = 0, stagedAt }: RemovalJob,
  now: number,
  { stages }: Pick<BridgeErasureDependencies, 'stages'>,
): Promise<Pick<Progress, 'quietSince' | 'queueStage' | 'stagedAt' | 'areQueuesEmpty'>> {
  if (now < (stagedAt ?? bridgeErasedAt ?? Date.parse(askedAt)) + settleMs) return {}
  const stage = stages[queueStage]
  if (!stage) return { areQueuesEmpty: true }
  const queues = await stage.depths()
  const isEmpty = queues.every(({ waiting, inFlight }) => waiting + inFlight === 0)
  if (!isEmpty && queues.some(({ waiting }) => waiting > quietMessagesMax)) return { quietSince: undefined }
  const since = quietSince ?? now
  if (!isEmpty && now < since + stage.quietMs) return { quietSince: since }
  const next = { quietSince: undefined, queueStage: queueStage + 1, stagedAt: now }
  return queueStage + 1 < stages.length ? next : { ...next, areQueuesEmpty: true }
}
