import { config } from '../../config.ts'
import { FanOutQueue } from '../../gateways/fan-out-queue.ts'
import { socketPosting } from '../../gateways/posting.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { DirtyHourStore } from '../../stores/dirty-hours.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { TotalStore } from '../../stores/totals.ts'
import { publishSilence } from './publish-silence.ts'
import { rollUp } from './roll-up.ts'
import type { ScheduledTask } from './tick.ts'

const env = config('TABLE_RECORDS', 'TABLE_LIVE', 'SOCKET_ENDPOINT', 'QUEUE_FAN_OUT')
const db = documentClient()
const numberingOf = cachedLocale(db, env.TABLE_LIVE, Date.now)
const hours = new DirtyHourStore(db, env.TABLE_RECORDS)
const sites = new SiteStore(db, env.TABLE_LIVE)
/** How subscribers are told. */
export const fanOutDependencies = {
  ...socketPosting(env.SOCKET_ENDPOINT),
  connections: new ConnectionStore(db, env.TABLE_LIVE),
  chunks: new FanOutQueue(env.QUEUE_FAN_OUT),
}
const totals = new TotalStore(db, env.TABLE_RECORDS)

/** All that is done by the clock, in this order. A duty that fails does not keep the others from being done. */
export const scheduledTasks: readonly ScheduledTask[] = [
  {
    name: 'silent-bridges',
    every: 'tick',
    run: (until) => publishSilence(sites, fanOutDependencies, until),
  },
  {
    name: 'roll-up',
    every: 'minute',
    run: async (until) => ({ ...(await rollUp({ hours, totals, numberingOf, now: Date.now, until })) }),
  },
]
