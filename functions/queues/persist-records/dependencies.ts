import { config } from '../../config.ts'
import { DeadLetters } from '../../gateways/dead-letters.ts'
import { EventQueue } from '../../gateways/event-queue.ts'
import { TickQueue } from '../../gateways/tick-queue.ts'
import { BridgeStore } from '../../stores/bridges.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { CdrStore } from '../../stores/cdrs.ts'
import { DirtyHourStore } from '../../stores/dirty-hours.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { RemovalStore } from '../../stores/removals.ts'
import { documentClient } from '../../stores/table.ts'
import { TimeLineStore } from '../../stores/time-lines.ts'
import { VerifiedDayStore } from '../../stores/verified-days.ts'
import { WebhookMark } from '../../stores/webhook-mark.ts'
import { cachedKeys } from '../open-batch.ts'
import { settlePlacedCall } from '../settle-placed-call.ts'
import type { OutcomeMessage } from '../watch/publish-outcome.ts'
import { webhookEvents } from '../webhook-events.ts'

const env = config('TABLE_ACCESS', 'TABLE_RECORDS', 'TABLE_LIVE', 'DEAD_RECORDS', 'QUEUE_WATCH', 'QUEUE_EVENTS')
const db = documentClient()
const watch = new TickQueue(env.QUEUE_WATCH)
const numberingOf = cachedLocale(db, env.TABLE_LIVE, Date.now)
const placed = new PlacedCallStore(db, env.TABLE_LIVE)
const settling = {
  placed,
  log: new CallLogStore(db, env.TABLE_RECORDS),
  numberingOf,
  publish: (outcome: OutcomeMessage) => watch.send(outcome, 0),
}
/** Dependencies of the handler, created once per cold start. */
export const dependencies = {
  keys: cachedKeys(new BridgeStore(db, env.TABLE_ACCESS), Date.now),
  log: new CdrStore(db, env.TABLE_RECORDS),
  deadLetters: new DeadLetters(env.DEAD_RECORDS),
  hours: new DirtyHourStore(db, env.TABLE_RECORDS),
  placed,
  settle: (site: string, call: string) => settlePlacedCall(site, call, settling),
  timeLines: new TimeLineStore(db, env.TABLE_LIVE),
  numberingOf,
  removals: new RemovalStore(db, env.TABLE_ACCESS),
  days: new VerifiedDayStore(db, env.TABLE_RECORDS),
  webhooks: webhookEvents(new WebhookMark(db, env.TABLE_LIVE), new EventQueue(env.QUEUE_EVENTS), Date.now),
  now: Date.now,
}
