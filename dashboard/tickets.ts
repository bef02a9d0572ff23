import { createApi } from '../client/http-client.ts'
import type { TicketIssued } from '../contracts/http.ts'
import { ticketRoutes } from '../contracts/routes/tickets.ts'
import type { Scope } from '../contracts/scopes.ts'
import { type Connection, isWallBoard } from './connection.ts'

/** Requests the tickets of the live client. Each tells the scopes of the key, so that the page hides what would be refused. */
export class Tickets {
  readonly #connection: Connection
  #scopes: ReadonlySet<string> = new Set()
  /** Whether a ticket has said what the key may do. */
  isKnown = false
  /** Site of the key: for a board token, only the ticket says it. */
  site: string

  constructor(connection: Connection) {
    this.#connection = connection
    this.site = connection.site
  }

  /** Whether the key has the scope. False for every scope before the first ticket. */
  has(scope: Scope): boolean {
    return this.#scopes.has(scope)
  }

  readonly request = async (): Promise<TicketIssued> => {
    const { apiUrl, site, key } = this.#connection
    // The token of a wall board goes into the body and stands for its site.
    const { body } = isWallBoard(this.#connection)
      ? await createApi({ apiUrl }, ticketRoutes)('POST /v1/boards/tickets', { body: { token: key } })
      : await createApi({ apiUrl, site, key }, ticketRoutes)('POST /v1/sites/{site}/tickets')
    this.#scopes = new Set(body.scopes)
    this.isKnown = true
    if (body.site !== undefined) this.site = body.site
    return body
  }
}
