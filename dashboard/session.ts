import { createContext } from 'preact'
import { useContext, useEffect, useMemo, useReducer, useState } from 'preact/hooks'
import { awakeClock } from '../client/awake-clock.ts'
import { createApi } from '../client/http-client.ts'
import { connect } from '../client/index.ts'
import { siteRoutes } from '../contracts/routes/sites.ts'
import type { Scope } from '../contracts/scopes.ts'
import type { Site } from '../contracts/site.ts'
import { Board } from './board.ts'
import { type Connection, isWallBoard } from './connection.ts'
import { showZone } from './moments.ts'
import { announceRing } from './notifications.ts'
import { showCountry } from './phone-number.ts'
import { Tickets } from './tickets.ts'

/** What every page knows: the site, what the key may do, and the live board. */
export interface Session {
  connection: Connection
  board: Board
  /** Name of the site for people. */
  name: string
  site: Site | undefined
  /** Whether the key is a token of a wall board, which opens nothing but presence. */
  isWall: boolean
  may: (scope: Scope) => boolean
  /** Shows changed properties of the site. */
  showSite: (site: Site) => void
  signOut: () => void
}

export const SessionContext = createContext<Session | undefined>(undefined)

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('A page was drawn outside of a session.')
  return session
}

/** The page keeps its connection while it is hidden. */
const clock = awakeClock()

/** Opens the site of a connection. Draws the component again at most once a frame, however many changes arrive. */
export function useOpenSession(connection: Connection, signOut: () => void): Session | undefined {
  const [opened, setOpened] = useState<{ board: Board; tickets: Tickets }>()
  const [site, setSite] = useState<Site>()
  const [drawn, redraw] = useReducer((count: number, _: undefined) => count + 1, 0)
  useEffect(() => {
    const tickets = new Tickets(connection)
    let frame: number | undefined
    const onChange = () => {
      // With a new key, the page shows what it had until the new connection has its snapshot: a form that is open stays.
      if (board.isLoaded || board.doubt === 'refused') show()
      frame ??= requestAnimationFrame(() => {
        frame = undefined
        redraw(undefined)
      })
    }
    const show = () => setOpened((before) => (before?.board === board ? before : { board, tickets }))
    const live = connect({
      ...connection,
      clock,
      topics: ['endpoints', 'calls', 'queues'],
      requestTicket: tickets.request,
    })
    const board = new Board(connection, live, tickets, onChange).start()
    board.onRing = announceRing
    setOpened((before) => (before?.board.connection.site === connection.site ? before : { board, tickets }))
    return () => {
      if (frame !== undefined) cancelAnimationFrame(frame)
      board.stop()
    }
  }, [connection])
  const maySeeSite = opened?.tickets.has('sites:read') === true
  useEffect(() => {
    if (!maySeeSite) return
    const api = createApi(connection, siteRoutes)
    // Without the site's own name and zone the page shows its id and the browser's zone.
    api('GET /v1/sites/{site}').then(
      ({ body }) => setSite(body),
      () => setSite(undefined),
    )
  }, [connection, maySeeSite])
  useEffect(() => {
    if (!site) return
    showZone(site.zone)
    showCountry(site.country)
    redraw(undefined)
  }, [site])
  // each redraw makes a new value, so that readers draw again
  return useMemo(() => {
    if (!opened) return undefined
    const { board, tickets } = opened
    const name = site?.name ?? tickets.site
    const may = (scope: Scope) => tickets.has(scope)
    return { connection, board, name, site, isWall: isWallBoard(connection), may, showSite: setSite, signOut }
  }, [connection, opened, site, signOut, drawn])
}
