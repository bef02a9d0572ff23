import { ticketRoutes } from '../../../contracts/routes/tickets.ts'
import { identifySecret } from '../../authorize/identify.ts'
import { nameOf } from '../../caller.ts'
import { config } from '../../config.ts'
import { secrets } from '../../secrets.ts'
import { KeyStore } from '../../stores/keys.ts'
import { RequestLimits } from '../../stores/limits.ts'
import { documentClient } from '../../stores/table.ts'
import { TicketStore } from '../../stores/tickets.ts'
import { keyInvalid } from '../authorize.ts'
import { httpHandler } from '../http-handler.ts'
import { checkRate } from '../rate-limit.ts'
import { answer } from '../request.ts'
import { issueTicket } from '../tickets/issue-ticket.ts'

const env = config('TABLE_ACCESS', 'TABLE_LIVE', 'SOCKET_ENDPOINT')
const keys = new KeyStore(documentClient(), env.TABLE_ACCESS)
const tickets = new TicketStore(documentClient(), env.TABLE_ACCESS)
const limits = new RequestLimits(documentClient(), env.TABLE_LIVE)

/** The page keeps the board token in its URL fragment and sends it in a body, so that no access log contains it. */
export const handler = httpHandler(ticketRoutes, 'boards', {
  'POST /v1/boards/tickets': async ({ body, now }) => {
    const board = await identifySecret(body.token, 'board', (await secrets()).pepper, keys, now)
    if (board.kind === 'unknown') throw keyInvalid()
    await checkRate(limits, board, now)
    const issued = await issueTicket(board, undefined, { tickets, socketUrl: env.SOCKET_ENDPOINT, now })
    return answer(201, { ...issued, site: board.site }, { audit: { who: nameOf(board), site: board.site } })
  },
})
