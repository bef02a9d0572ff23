import { config } from '../../config.ts'
import { archivedCallShape, timeLineShape } from '../../domain/personal/shapes.ts'
import { mask } from '../../domain/personal.ts'
import { secrets } from '../../secrets.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { documentClient } from '../../stores/table.ts'
import { TimeLineStore } from '../../stores/time-lines.ts'
import { httpRoutes } from '../http-handler.ts'
import { pick } from '../search/page.ts'
import { checkSearch, fresh } from '../search/shown.ts'
import { getCall, liveCalls } from './get-call.ts'
import { listCalls } from './list-calls.ts'

const env = config('TABLE_RECORDS', 'TABLE_LIVE')
const db = documentClient()
const log = new CallLogStore(db, env.TABLE_RECORDS)
const presence = new PresenceStore(db, env.TABLE_LIVE)
const timeLines = new TimeLineStore(db, env.TABLE_LIVE)
const localeOf = cachedLocale(db, env.TABLE_LIVE, Date.now)

export const handler = httpRoutes({
  'GET /v1/sites/{site}/calls': async ({ caller, site, query, headers, now }) => {
    checkSearch(caller, 'calls', query)
    const [{ cursorKey }, numbering] = await Promise.all([secrets(), localeOf(site)])
    const listing = { log, cursorKey, numbering, now: () => now }
    const page = query.state === 'live' ? await liveCalls(site, presence) : await listCalls(site, query, listing)
    const calls = page.calls.map((call) => pick(query.fields, mask(caller, 'calls', archivedCallShape, call)))
    return fresh({ ...page, calls }, headers)
  },
  'GET /v1/sites/{site}/calls/{id}': async ({ caller, site, path, headers }) => {
    const call = await getCall(site, path.id, { log, presence, numbering: await localeOf(site) })
    return fresh(mask(caller, 'calls', archivedCallShape, call), headers)
  },
  'GET /v1/sites/{site}/calls/{id}/events': async ({ caller, site, path, headers }) => {
    const events = await timeLines.read(site, path.id)
    return fresh({ call: path.id, events: events.map((e) => mask(caller, 'calls', timeLineShape, e)) }, headers)
  },
})
