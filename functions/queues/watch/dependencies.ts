import * as v from 'valibot'
import { config } from '../../config.ts'
import { EventQueue } from '../../gateways/event-queue.ts'
import { FanOutQueue } from '../../gateways/fan-out-queue.ts'
import { socketPosting } from '../../gateways/sockets.ts'
import { TickQueue } from '../../gateways/tick-queue.ts'
import { CallFreezes } from '../../stores/call-freezes.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { DirtyHourStore } from '../../stores/dirty-hours.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { TotalStore } from '../../stores/totals.ts'
import { WebhookMark } from '../../stores/webhook-mark.ts'
import { settlePlacedCall } from '../settle-placed-call.ts'
import { webhookEvents } from '../webhook-events.ts'
import { publishFreezes } from './publish-freezes.ts'
import { OutcomeMessage, publishOutcome } from './publish-outcome.ts'
import { publishSilence } from './publish-silence.ts'
import { type ReapMessage, reapCall } from './reap-call.ts'
import { rollUp } from './roll-up.ts'
import type { ScheduledTask } from './tick.ts'

const env = config('TABLE_RECORDS', 'TABLE_LIVE', 'SOCKET_ENDPOINT', 'QUEUE_FAN_OUT', 'QUEUE_WATCH', 'QUEUE_EVENTS')
const db = documentClient()
const numberingOf = cachedLocale(db, env.TABLE_LIVE, Date.now)
const hours = new DirtyHourStore(db, env.TABLE_RECORDS)
const totals = new TotalStore(db, env.TABLE_RECORDS)
const sites = new SiteStore(db, env.TABLE_LIVE)
const presence = new PresenceStore(db, env.TABLE_LIVE)
const placed = new PlacedCallStore(db, env.TABLE_LIVE)
const log = new CallLogStore(db, env.TABLE_RECORDS)
const webhooks = webhookEvents(new WebhookMark(db, env.TABLE_LIVE), new EventQueue(env.QUEUE_EVENTS), Date.now)
const fanOutDependencies = {
  ...socketPosting(env.SOCKET_ENDPOINT),
  connections: new ConnectionStore(db, env.TABLE_LIVE),
  chunks: new FanOutQueue(env.QUEUE_FAN_OUT),
}

export const queue = new TickQueue(env.QUEUE_WATCH)

/** The tasks of the watch, in the order in which a tick runs them. A task that fails does not stop the others. */
export const scheduledTasks: readonly ScheduledTask[] = [
  {
    name: 'silent-bridges',
    every: 'tick',
    run: (until) => publishSilence(sites, { ...fanOutDependencies, webhooks }, until),
  },
  {
    name: 'freezes',
    every: 'minute',
    run: (until) => publishFreezes({ freezes: new CallFreezes(db, env.TABLE_LIVE), webhooks, now: Date.now }, until),
  },
  {
    name: 'roll-up',
    every: 'minute',
    run: async (until) => ({ ...(await rollUp({ hours, totals, placed, numberingOf, now: Date.now, until })) }),
  },
]

/** Handles a message about one call placed through the API: checks whether it has to be ended, or publishes its outcome. */
export async function handleCallMessage(message: ReapMessage | OutcomeMessage, now: number): Promise<void> {
  const lastSeen = sites.lastSeen.bind(sites)
  const publish = async (outcome: OutcomeMessage) => {
    await publishOutcome(outcome, { placed, presence, epochs: sites, lastSeen, fanOutDependencies, now })
    const { site, call } = outcome.tell
    await webhooks.publish({ site, calls: [call] })
  }
  if (v.is(OutcomeMessage, message)) return publish(message)
  const isLive = async (site: string, call: string) => (await presence.calls(site)).some(({ id }) => id === call)
  const settle = (site: string, call: string) => settlePlacedCall(site, call, { placed, log, numberingOf, publish })
  await reapCall(message, { placed, isLive, lastSeen, checkAgain: queue.send.bind(queue), publish, settle, now })
}
