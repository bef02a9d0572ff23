import { useEffect, useReducer, useState } from 'preact/hooks'
import { connect } from '../../client/index.ts'
import { Board } from '../board.ts'
import type { Connection } from '../connection.ts'
import { dialledAs } from '../extension.ts'
import { KeyScopes } from '../key-scopes.ts'
import { isSilent } from '../staleness.ts'
import { isWallBoard, ticketsOfBoard } from '../wall-board.ts'
import { CallTable } from './call-table.tsx'
import { Header } from './header.tsx'
import { LiveCalls } from './live-calls.tsx'
import { MarksPage } from './marks-page.tsx'
import { Notices } from './notices.tsx'
import { type PageName, PageTabs } from './page-tabs.tsx'
import { PhoneDialog } from './phone-dialog.tsx'
import { Phones } from './phones.tsx'
import { SearchPage } from './search-page.tsx'
import { StateTable } from './state-table.tsx'

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
      {page === 'search' && <SearchPage source={board.archive} />}
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

/** The board of a connection, drawn anew whenever it changes. */
function useBoard(connection: Connection): Board | undefined {
  const [board, setBoard] = useState<Board>()
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0)
  useEffect(() => {
    document.title = `${connection.site} · Switchhook`
    const scopes = new KeyScopes(isWallBoard(connection) ? ticketsOfBoard(connection) : undefined)
    const live = connect({ ...connection, fetch: scopes.fetch })
    const started = new Board(connection, live, scopes, () => redraw(undefined)).start()
    setBoard(started)
    return () => started.stop()
  }, [connection])
  return board
}
