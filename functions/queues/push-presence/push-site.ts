import type { BridgeEvent } from '../../../contracts/events.ts'
import { type DeltaFrame, type ResetFrame, Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { TimeLineEntry } from '../../../contracts/time-line.ts'
import { foldPresence, type PbxReport, type SiteFold } from '../../domain/presence-fold.ts'
import { type SiteLines, withTrunk } from '../../domain/site-lines.ts'
import { timeLineEntries } from '../../domain/time-line.ts'
import { describeError, logOutcome } from '../../log.ts'
import { type FanOutCount, type FanOutDependencies, fanOut } from '../fan-out/fan-out.ts'
import type { Outgoing } from '../fan-out/plan.ts'
import type { OpenedMessage } from '../open-batch.ts'
import { type PlacedCallUpdates, updatePlacedCalls } from '../placed-call-updates.ts'
import { publishFacts, type WebhookEvents } from '../webhook-events.ts'
import { EarlySubscribers } from './early-subscribers.ts'
import type { SightingNews } from './last-seen.ts'
import type { EntityStore, EpochStore } from './presence-stores.ts'
import { updatePresence } from './push-presence.ts'
import type { TombstoneStore, Tombstones } from './tombstones.ts'

/** Stores every fact of a call; the live state keeps only the newest one. */
export interface TimeLines {
  put(site: SiteId, byCall: ReadonlyMap<string, readonly TimeLineEntry[]>, now: number): Promise<void>
}
export interface PushDependencies extends FanOutDependencies {
  presence: EntityStore & TombstoneStore
  epochs: EpochStore
  tombstones: Tombstones
  /** Returns the pace (milliseconds between messages) that the site's bridge should keep after such a fan-out. */
  pacing: { adjust(site: SiteId, count: FanOutCount, now: number): Promise<number> }
  timeLines: TimeLines
  placed: PlacedCallUpdates
  /** Gets every fact, since a webhook is sent states that were over within a batch. */
  webhooks?: WebhookEvents
  /** Returns the trunks and extensions of the site's settings, which decide over what the bridge recognised. */
  linesOf?(site: SiteId): Promise<SiteLines>
  /** Records that the bridge was seen; returns what subscribers have to be notified of. */
  recordLastSeen: (fold: SiteFold, now: number) => Promise<SightingNews>
  /** Record that they were. */
  markPbxPublished?(site: SiteId, pbx: PbxReport): Promise<void>
  markBackPublished?(site: SiteId): Promise<void>
}

/** Writes and pushes the facts of one site. Returns false if that failed and SQS has to deliver the messages again. */
export async function pushSite(
  site: SiteId,
  messages: OpenedMessage[],
  dependencies: PushDependencies,
): Promise<boolean> {
  const now = dependencies.now()
  try {
    const passages = messages.map((message) => ({
      lane: 'live' as const,
      sentAt: message.sentAt,
      handledAt: now,
      events: eventsOf(message),
    }))
    const fold = await withTrunks(foldPresence(site, passages), dependencies)
    const early = new EarlySubscribers(dependencies.connections)
    const topics = new Set(fold.entities.map(({ topic }) => topic))
    const [frames, { isBack, pbx }] = await Promise.all([
      updatePresence(fold, dependencies, now, () => early.read(site, topics)),
      dependencies.recordLastSeen(fold, now),
      updatePlacedCalls(
        site,
        fold.entities.map(({ event }) => event),
        dependencies.placed,
      ),
      dependencies.timeLines.put(site, timeLineEntries(passages), now),
    ])
    const [count] = await Promise.all([
      fanOut(
        site,
        [...outgoing(fold, frames), ...(isBack || pbx ? [bridgeHeard(now, pbx)] : [])],
        isBack || pbx ? dependencies : { ...dependencies, connections: early },
      ),
      dependencies.tombstones.sweep(dependencies.presence, now),
      dependencies.webhooks &&
        publishFacts(site, messages.flatMap(validEvents), { isBack, ...(pbx && { pbx }) }, dependencies.webhooks),
    ])
    // Marked after the push: if this process dies before, the redelivered message or the next one is news again.
    if (isBack) await dependencies.markBackPublished?.(site)
    if (pbx) await dependencies.markPbxPublished?.(site, pbx)
    dependencies.tombstones.add(
      site,
      frames.filter((frame) => frame.type === 'delta'),
      now,
    )
    const paceMs = await dependencies.pacing.adjust(site, count, now)
    const level = count.failed + count.unreached > 0 ? 'warn' : 'info'
    logOutcome(level, 'presence', {
      site,
      entities: fold.entities.length,
      ms: dependencies.now() - now,
      paceMs,
      ...count,
    })
    return true
  } catch (error) {
    logOutcome('error', 'presence-failed', { site, error: describeError(error) })
    return false
  }
}

/** Returns the facts of endpoints with the trunks of the site's settings. */
async function withTrunks(fold: SiteFold, { linesOf }: PushDependencies): Promise<SiteFold> {
  if (!linesOf || !fold.entities.some(({ topic }) => topic === 'endpoints')) return fold
  const lines = await linesOf(fold.site)
  const entities = fold.entities.map((folded) => {
    const { event } = folded
    if (event.type !== 'switchhook.endpoint.v1') return folded
    return { ...folded, event: { ...event, data: withTrunk(event.data, lines) } }
  })
  return { ...fold, entities }
}

/** Returns the events of a message without its invalid lines; the bridge's next fact of such an entity replaces the lost one. */
function eventsOf(message: OpenedMessage): BridgeEvent[] {
  return message.lines.flatMap((line) => {
    if ('event' in line) return [line.event]
    logOutcome('warn', 'line-refused', { site: message.site, errorId: line.errorId, messageId: message.messageId })
    return []
  })
}

function validEvents({ lines }: OpenedMessage): BridgeEvent[] {
  return lines.flatMap((line) => ('event' in line ? [line.event] : []))
}

function outgoing(fold: SiteFold, frames: (DeltaFrame | ResetFrame)[]): Outgoing[] {
  const gaps = fold.gaps.map(({ data }) => ({ topics: Topic.options, frame: { type: 'gap' as const, ...data } }))
  const rest = frames.map((frame) => ({ topics: frame.type === 'delta' ? [frame.topic] : Topic.options, frame }))
  return [...gaps, ...rest]
}

function bridgeHeard(now: number, pbx: PbxReport | undefined): Outgoing {
  const heard = { type: 'heard' as const, lastHeard: new Date(now).toISOString(), stale: false }
  return { topics: Topic.options, frame: { ...heard, ...(pbx && { pbx }) } }
}
