import { useEffect, useReducer, useState } from 'preact/hooks'
import { connect } from '../../client/index.ts'
import { Board } from '../board.ts'
import type { Connection } from '../connection.ts'
import { isSilent } from '../staleness.ts'
import { isWallBoard, ticketsOfBoard } from '../wall-board.ts'
import { CallTable } from './call-table.tsx'
import { Header } from './header.tsx'
import { LiveCalls } from './live-calls.tsx'
import { MarksPage } from './marks-page.tsx'
import { Notices } from './notices.tsx'
import { type PageName, PageTabs } from './page-tabs.tsx'
import { Phones } from './phones.tsx'
import { SearchPage } from './search-page.tsx'
import { StateTable } from './state-table.tsx'

export function BoardPage({ connection, onLeave }: { connection: Connection; onLeave: () => void }) {
  const board = useBoard(connection)
  const [page, setPage] = useState<PageName>('board')
  if (!board) return null
  const { live, log } = board
  const isWall = isWallBoard(connection)
  const isOld = live.status.state !== 'connected' || (live.heard !== undefined && isSilent(live.heard))
  return (
    <>
      <Header site={connection.site} status={live.status} onLeave={onLeave} />
      {!isWall && <PageTabs page={page} onTurn={setPage} />}
      <Notices board={board} />
      {page === 'search' && <SearchPage source={board.archive} />}
      {page === 'marks' && <MarksPage connection={connection} />}
      <main hidden={page !== 'board'} class={board.isLoaded && isOld ? 'board is-old' : 'board'}>
        <div class="column">
          <Phones endpoints={live.endpoints} calls={live.calls} isLoaded={board.isLoaded} />
          {!isWall && <CallTable log={log} />}
        </div>
        <div class="column">
          <LiveCalls calls={live.calls} isLoaded={board.isLoaded} />
          <StateTable rows={board.states} />
        </div>
      </main>
    </>
  )
}

/** The board of a connection, drawn anew whenever it changes. */
function useBoard(connection: Connection): Board | undefined {
  const [board, setBoard] = useState<Board>()
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0)
  useEffect(() => {
    document.title = `${connection.site} · Switchhook`
    const options = { ...connection, ...(isWallBoard(connection) && { fetch: ticketsOfBoard(connection) }) }
    const started = new Board(connection, connect(options), () => redraw(undefined)).start()
    setBoard(started)
    return () => started.stop()
  }, [connection])
  return board
}
