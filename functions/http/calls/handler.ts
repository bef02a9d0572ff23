import { callRoutes } from '../../../contracts/routes/calls.ts'
import { archivedCallShape, timeLineShape } from '../../domain/personal/shapes.ts'
import { mask } from '../../domain/personal.ts'
import { secrets } from '../../secrets.ts'
import { httpHandler } from '../http-handler.ts'
import { pick } from '../search/page.ts'
import { checkSearch, fresh } from '../search/shown.ts'
import { getCall, liveCalls, nextChange } from './get-call.ts'
import { listCalls } from './list-calls.ts'
import { openSources } from './sources.ts'

const { log, presence, open, placed, timeLines, localeOf } = openSources()

export const handler = httpHandler(callRoutes, 'calls', {
  'GET /v1/sites/{site}/calls': async ({ caller, site, query, headers, now }) => {
    checkSearch(caller, 'calls', query)
    const [{ cursorKey }, numbering] = await Promise.all([secrets(), localeOf(site)])
    const listing = { log, cursorKey, numbering, now: () => now }
    const page = await (query.state === 'live'
      ? liveCalls(site, { presence, open, placed })
      : listCalls(site, query, listing))
    const calls = page.calls.map((call) => pick(query.fields, mask(caller, 'calls', archivedCallShape, call)))
    return fresh({ ...page, calls }, headers)
  },
  'GET /v1/sites/{site}/calls/{id}': async ({ caller, site, path, query, headers }) => {
    const sources = { log, presence, placed, numbering: await localeOf(site) }
    const call = await nextChange(() => getCall(site, path.id, sources), query.wait, Date.now)
    return fresh(mask(caller, 'calls', archivedCallShape, call), headers)
  },
  'GET /v1/sites/{site}/calls/{id}/events': async ({ caller, site, path, headers }) => {
    const told = await timeLines.read(site, path.id)
    return fresh({ call: path.id, events: told.map((e) => mask(caller, 'calls', timeLineShape, e)) }, headers)
  },
})
