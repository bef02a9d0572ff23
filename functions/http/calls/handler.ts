import type { Call } from '../../../contracts/calls.ts'
import { callRoutes } from '../../../contracts/routes/calls.ts'
import { archivedCallShape, timeLineShape } from '../../domain/personal/shapes.ts'
import { mask, seesPersonal } from '../../domain/personal.ts'
import { secrets } from '../../secrets.ts'
import { httpHandler } from '../http-handler.ts'
import { checkSearchScope, conditionalAnswer } from '../search/conditional-answer.ts'
import { pick } from '../search/page.ts'
import { whileCounted } from './call-wait.ts'
import { createDependencies } from './dependencies.ts'
import { getCall, liveCalls, nextChange } from './get-call.ts'
import { listCalls } from './list-calls.ts'

const { log, presence, open, placed, timeLines, waits, deploymentMax, localeOf } = createDependencies()

export const handler = httpHandler(callRoutes, 'calls', {
  'GET /v1/sites/{site}/calls': async ({ caller, site, query, headers, now }) => {
    checkSearchScope(caller, 'calls', query)
    const [{ cursorKey }, numbering] = await Promise.all([secrets(), localeOf(site)])
    const personal = seesPersonal(caller, 'calls')
    const listing = { log, placed, cursorKey, numbering, now: () => now, personal }
    const page = await (query.state === 'live'
      ? liveCalls(site, { presence, open, placed })
      : listCalls(site, query, listing))
    const calls = page.calls.map((call) => pick(query.fields, mask(caller, 'calls', archivedCallShape, call)))
    return conditionalAnswer({ ...page, calls }, headers)
  },
  'GET /v1/sites/{site}/calls/{id}': async ({ caller, site, path, query, headers, now }) => {
    const sources = { log, presence, placed, numbering: await localeOf(site), now: Date.now }
    const counted = (wait: () => Promise<Call>) => whileCounted(caller, { waits, deploymentMax, now }, wait)
    // Hidden before the comparison: the time of an answer would tell that a hidden number has changed.
    const read = async () => mask(caller, 'calls', archivedCallShape, await getCall(site, path.id, sources))
    return conditionalAnswer(await nextChange(read, query.wait, Date.now, counted), headers)
  },
  'GET /v1/sites/{site}/calls/{id}/events': async ({ caller, site, path, headers }) => {
    const live = await timeLines.read(site, path.id)
    const events = live.map((event) => mask(caller, 'calls', timeLineShape, event))
    return conditionalAnswer({ call: path.id, events }, headers)
  },
})
