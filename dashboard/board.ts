import { type CallLogReader, callLog } from '../client/call-log.ts'
import { systemClock } from '../client/clock.ts'
import type { Change, Gap, Live } from '../client/index.ts'
import { CallLog } from './call-log.ts'
import { type Connection, isWallBoard } from './connection.ts'
import { Controls } from './controls.ts'
import { addChanges, type StateRow } from './state-log.ts'
import type { Tickets } from './tickets.ts'

/** Holds everything that the page shows of one site, and reports each change. */
export class Board {
  readonly connection: Connection
  readonly live: Live
  /** Stored calls, for the search. */
  readonly archive: CallLogReader
  readonly log: CallLog
  readonly controls: Controls
  readonly scopes: Pick<Tickets, 'has'>
  states: readonly StateRow[] = []
  gap: Gap | undefined
  /** The latest error since the connection was lost. */
  trouble: string | undefined
  /** True from the first whole snapshot on. */
  isLoaded = false
  readonly #onChange: () => void

  constructor(connection: Connection, live: Live, scopes: Pick<Tickets, 'has'>, onChange: () => void) {
    this.connection = connection
    this.live = live
    this.scopes = scopes
    this.#onChange = onChange
    this.controls = new Controls(connection, scopes, onChange)
    this.archive = callLog(connection)
    this.log = new CallLog(this.archive, systemClock, onChange)
  }

  start(): this {
    this.live.on('change', (changes) => this.#take(changes))
    this.live.on('status', ({ state }) => {
      if (state === 'connected') {
        this.isLoaded = true
        this.trouble = undefined
        // Calls may have ended while the page was not connected.
        this.#readLog()
      }
      this.#onChange()
    })
    this.live.on('gap', (gap) => this.showGap(gap))
    this.live.on('error', ({ message }) => {
      this.trouble = message
      this.#onChange()
    })
    this.#readLog()
    return this
  }

  stop(): void {
    this.live.stop()
    this.controls.stop()
    this.log.stop()
  }

  showGap(gap: Gap | undefined): void {
    this.gap = gap
    this.#onChange()
  }

  #readLog(): void {
    if (!isWallBoard(this.connection)) this.log.refresh()
  }

  #take(changes: readonly Change[]): void {
    this.states = addChanges(this.states, changes)
    for (const change of changes) {
      if (change.topic === 'calls' && change.kind === 'gone' && !isWallBoard(this.connection)) {
        this.log.awaitRecord(change.entity?.state.mergedInto ?? change.id)
      }
    }
    this.#onChange()
  }
}
