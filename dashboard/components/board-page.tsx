import { useEffect, useReducer, useState } from 'preact/hooks'
import { connect, type Status } from '../../client/index.ts'
import { Board } from '../board.ts'
import { type Connection, isWallBoard } from '../connection.ts'
import { dialledAs } from '../extension.ts'
import { timeOf } from '../moments.ts'
import { isSilent } from '../staleness.ts'
import { strings } from '../strings.ts'
import { Tickets } from '../tickets.ts'
import { CallTable } from './call-table.tsx'
import { Icon } from './icon.tsx'
import { LiveCalls } from './live-calls.tsx'
import { MarksPage } from './marks-page.tsx'
import { Notices } from './notices.tsx'
import { PhoneDialog } from './phone-dialog.tsx'
import { Phones } from './phones.tsx'
import { Queues } from './queues.tsx'
import { SearchPage } from './search-page.tsx'
import { StateTable } from './state-table.tsx'
import { Trunks } from './trunks.tsx'

const pages = ['board', 'search', 'marks'] as const
type PageName = (typeof pages)[number]

export function BoardPage({ connection, onLeave }: { connection: Connection; onLeave: () => void }) {
  const board = useBoard(connection)
  const [page, setPage] = useState<PageName>('board')
  const [opened, setOpened] = useState<string>()
  if (!board) return null
  const { live, log, controls, scopes } = board
  const isWall = isWallBoard(connection)
  const mayCall = scopes.has('calls:write')
  const maySet = scopes.has('forwards:write')
  const open = (endpoint: string) => {
    controls.clear()
    setOpened(endpoint)
  }
  const phones = [...live.endpoints.values()].map(({ state }) => state).filter(dialledAs)
  const phone = phones.find(({ endpoint }) => endpoint === opened)
  const isOld = live.status.state !== 'connected' || (live.heard !== undefined && isSilent(live.heard))
  return (
    <>
      <Header site={connection.site} status={live.status} onLeave={onLeave} />
      {!isWall && <PageTabs page={page} onTurn={setPage} />}
      <Notices board={board} />
      {page === 'search' && <SearchPage source={board.archive} connection={connection} />}
      {page === 'marks' && <MarksPage connection={connection} />}
      <main hidden={page !== 'board'} class={board.isLoaded && isOld ? 'board is-old' : 'board'}>
        <div class="column">
          <Phones
            endpoints={live.endpoints}
            calls={live.calls}
            isLoaded={board.isLoaded}
            onOpen={mayCall || maySet ? open : undefined}
          />
          {!isWall && <CallTable log={log} />}
        </div>
        <div class="column">
          <LiveCalls
            calls={live.calls}
            isLoaded={board.isLoaded}
            onEnd={mayCall ? (call) => controls.end(call) : undefined}
            failure={phone ? undefined : controls.failure}
          />
          <Queues queues={live.queues} />
          <Trunks endpoints={live.endpoints} calls={live.calls} />
          <StateTable rows={board.states} />
        </div>
      </main>
      {phone && (
        <PhoneDialog
          key={opened}
          state={phone}
          phones={phones}
          controls={controls}
          mayCall={mayCall}
          maySet={maySet}
          onClose={() => setOpened(undefined)}
        />
      )}
    </>
  )
}

/** Returns the board of a connection, and draws the component again at each of its changes. */
function useBoard(connection: Connection): Board | undefined {
  const [board, setBoard] = useState<Board>()
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0)
  useEffect(() => {
    document.title = `${connection.site} · Switchhook`
    const tickets = new Tickets(connection)
    const live = connect({
      ...connection,
      topics: ['endpoints', 'calls', 'queues'],
      requestTicket: tickets.request,
    })
    const started = new Board(connection, live, tickets, () => redraw(undefined)).start()
    setBoard(started)
    return () => started.stop()
  }, [connection])
  return board
}

function Header({ site, status, onLeave }: { site: string; status: Status; onLeave: () => void }) {
  const since = timeOf(status.since, Date.now())
  return (
    <header class="top">
      <p class="brand">
        <Icon name="on-call" />
        <span>{strings.product}</span>
      </p>
      <h1>{site}</h1>
      <p class="pill" role="status" data-connection={status.state}>
        <span class="dot" aria-hidden="true" />
        {strings.connection[status.state](since)}
      </p>
      <button type="button" class="quiet" onClick={onLeave}>
        {strings.changeSite}
      </button>
    </header>
  )
}

function PageTabs({ page, onTurn }: { page: PageName; onTurn: (page: PageName) => void }) {
  const words = strings.pages
  return (
    <nav class="tabs" aria-label={words.label}>
      {pages.map((name) => (
        <button key={name} type="button" aria-current={name === page ? 'page' : undefined} onClick={() => onTurn(name)}>
          {words[name]}
        </button>
      ))}
    </nav>
  )
}
