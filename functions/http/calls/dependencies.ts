import { config } from '../../config.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { OpenCalls } from '../../stores/open-calls.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { documentClient } from '../../stores/table.ts'
import { TimeLineStore } from '../../stores/time-lines.ts'
import { WaitStore } from '../../stores/waits.ts'

/** Creates the readers of calls: the archive, live calls, calls placed by API, and time lines. */
export function createDependencies() {
  const env = config('TABLE_RECORDS', 'TABLE_LIVE', 'WAITS_MAX')
  const db = documentClient()
  return {
    log: new CallLogStore(db, env.TABLE_RECORDS),
    presence: new PresenceStore(db, env.TABLE_LIVE),
    open: new OpenCalls(db, env.TABLE_LIVE),
    placed: new PlacedCallStore(db, env.TABLE_LIVE),
    waits: new WaitStore(db, env.TABLE_LIVE),
    /** Requests of all sites that may wait at the same time: half of the processes that the function may have. */
    deploymentMax: Number(env.WAITS_MAX),
    timeLines: new TimeLineStore(db, env.TABLE_LIVE),
    localeOf: cachedLocale(db, env.TABLE_LIVE, Date.now),
  }
}
