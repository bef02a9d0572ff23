import type { BridgeEvent } from '../../../contracts/events.ts'
import { type DeltaFrame, type ResetFrame, Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { TimeLineEntry } from '../../../contracts/time-line.ts'
import { foldPresence, type SiteFold } from '../../domain/presence-fold.ts'
import { timeLineEntries } from '../../domain/time-line.ts'
import { describeError, logOutcome } from '../../log.ts'
import { type FanOutCount, type FanOutDependencies, fanOut } from '../fan-out/fan-out.ts'
import type { Outgoing } from '../fan-out/plan.ts'
import type { OpenedMessage } from '../open-batch.ts'
import { type PlacedCallUpdates, updatePlacedCalls } from '../placed-call-updates.ts'
import { EarlySubscribers } from './early-subscribers.ts'
import type { EntityStore, EpochStore } from './presence-stores.ts'
import { updatePresence } from './push-presence.ts'
import type { TombstoneStore, Tombstones } from './tombstones.ts'

/** Takes every fact, won or lost, where the live state takes the newest alone. */
export interface TimeLines {
  put(site: SiteId, byCall: ReadonlyMap<string, readonly TimeLineEntry[]>, now: number): Promise<void>
}
export interface PushDependencies extends FanOutDependencies {
  presence: EntityStore & TombstoneStore
  epochs: EpochStore
  tombstones: Tombstones
  /** Answers the pace that the site's bridge should keep after such a fan-out. */
  pacing: { adjust(site: SiteId, count: FanOutCount, now: number): Promise<number> }
  timeLines: TimeLines
  placed: PlacedCallUpdates
  /** Notes that the bridge spoke; true if its subscribers had been told that it is silent. */
  recordLastSeen: (fold: SiteFold, now: number) => Promise<boolean>
}

/** Writes and pushes what a batch says of one site. False if it failed and its messages must come again. */
export async function pushSite(site: SiteId, messages: OpenedMessage[], pushing: PushDependencies): Promise<boolean> {
  const now = pushing.now()
  try {
    const passages = messages.map((message) => ({
      lane: 'live' as const,
      sentAt: message.sentAt,
      handledAt: now,
      events: eventsOf(message),
    }))
    const fold = foldPresence(site, passages)
    const early = new EarlySubscribers(pushing.connections)
    const topics = new Set(fold.entities.map(({ topic }) => topic))
    const [told, isBack] = await Promise.all([
      updatePresence(fold, pushing, now, () => early.read(site, topics)),
      pushing.recordLastSeen(fold, now),
      updatePlacedCalls(
        site,
        fold.entities.map(({ event }) => event),
        pushing.placed,
      ),
      pushing.timeLines.put(site, timeLineEntries(passages), now),
    ])
    const [count] = await Promise.all([
      fanOut(
        site,
        [...outgoing(fold, told), ...(isBack ? [heardAgain(now)] : [])],
        isBack ? pushing : { ...pushing, connections: early },
      ),
      pushing.tombstones.sweep(pushing.presence, now),
    ])
    pushing.tombstones.note(
      site,
      told.filter((frame) => frame.type === 'delta'),
      now,
    )
    const paceMs = await pushing.pacing.adjust(site, count, now)
    const level = count.failed + count.unreached > 0 ? 'warn' : 'info'
    logOutcome(level, 'presence', { site, entities: fold.entities.length, ms: pushing.now() - now, paceMs, ...count })
    return true
  } catch (error) {
    logOutcome('error', 'presence-failed', { site, error: describeError(error) })
    return false
  }
}

/** A line that is no event is lost to presence: the bridge's next assertion of that entity heals it. */
function eventsOf(message: OpenedMessage): BridgeEvent[] {
  return message.lines.flatMap((line) => {
    if ('event' in line) return [line.event]
    logOutcome('warn', 'line-refused', { site: message.site, errorId: line.errorId, messageId: message.messageId })
    return []
  })
}

function outgoing(fold: SiteFold, told: (DeltaFrame | ResetFrame)[]): Outgoing[] {
  const gaps = fold.gaps.map(({ data }) => ({ topics: Topic.options, frame: { type: 'gap' as const, ...data } }))
  const rest = told.map((frame) => ({ topics: frame.type === 'delta' ? [frame.topic] : Topic.options, frame }))
  return [...gaps, ...rest]
}

function heardAgain(now: number): Outgoing {
  return { topics: Topic.options, frame: { type: 'heard', lastHeard: new Date(now).toISOString(), stale: false } }
}
