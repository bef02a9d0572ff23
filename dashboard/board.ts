import { type CallLogReader, callLog } from '../client/call-log.ts'
import { systemClock } from '../client/clock.ts'
import type { Change, Gap, Live } from '../client/index.ts'
import type { EndpointState } from '../contracts/facts.ts'
import { CallLog } from './call-log.ts'
import { showTrunk } from './call-parties.ts'
import { type Connection, isWallBoard } from './connection.ts'
import { Controls } from './controls.ts'
import { type ExtensionView, extensionViews } from './extension-view.ts'
import type { ShownClock } from './now.ts'
import { isSilent } from './staleness.ts'
import { addChanges, type StateRow } from './state-log.ts'
import type { Tickets } from './tickets.ts'

/** A smaller difference between the clocks of browser and cloud is taken for the way of the message. */
const skewMsMin = 2_000

/** Why what is shown may be out of date. */
export type Doubt = 'refused' | 'cut-off' | 'bridge-silent' | 'pbx-down' | undefined

/** Holds everything that the page shows live of one site, and reports each change. */
export class Board {
  readonly connection: Connection
  readonly live: Live
  /** Stored calls. */
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
  /** Called for each phone that starts to ring. */
  onRing: ((state: EndpointState) => void) | undefined
  #lostAtMs: number | undefined
  #skewMs = 0
  #heard: Live['heard']
  #views: ExtensionView[] | undefined
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
    this.live.on('status', ({ state, since }) => {
      if (state === 'connected') {
        this.isLoaded = true
        this.trouble = undefined
        this.#lostAtMs = undefined
        // Calls may have ended while the page was not connected.
        this.#readLog()
      } else if (state !== 'stopped') this.#lostAtMs ??= since
      this.#changed()
    })
    this.live.on('gap', (gap) => this.showGap(gap))
    this.live.on('error', ({ message }) => {
      this.trouble = message
      this.#changed()
    })
    return this
  }

  stop(): void {
    this.live.stop()
    this.controls.stop()
    this.log.stop()
  }

  showGap(gap: Gap | undefined): void {
    this.gap = gap
    this.#changed()
  }

  /** The extensions of the site, computed once a change. */
  get extensions(): readonly ExtensionView[] {
    this.#views ??= extensionViews(
      [...this.live.endpoints.values()].map(({ state }) => state),
      [...this.live.calls.values()].map(({ state }) => state),
    )
    return this.#views
  }

  get doubt(): Doubt {
    const { status, heard, pbx } = this.live
    if (status.state === 'refused') return 'refused'
    if (status.state !== 'connected') return 'cut-off'
    if (heard && isSilent(heard)) return 'bridge-silent'
    return pbx?.state === 'down' ? 'pbx-down' : undefined
  }

  /** Since when what is shown may be out of date, in Unix milliseconds by the cloud's clock. */
  get doubtSinceMs(): number | undefined {
    const { heard, pbx } = this.live
    switch (this.doubt) {
      case 'bridge-silent':
        return heard && Date.parse(heard.lastHeard)
      case 'pbx-down':
        return pbx && Date.parse(pbx.since)
      case undefined:
        return undefined
      default:
        return this.#lostAtMs === undefined ? undefined : this.#lostAtMs + this.#skewMs
    }
  }

  get clock(): ShownClock {
    return { skewMs: this.#skewMs, frozenAtMs: this.isLoaded ? this.doubtSinceMs : undefined }
  }

  /** Whether calls and settings would reach the PBX now. */
  get isReachable(): boolean {
    return this.isLoaded && this.doubt === undefined
  }

  #changed(): void {
    this.#views = undefined
    const { heard } = this.live
    if (heard !== this.#heard) {
      this.#heard = heard
      const skewMs = heard ? heard.learntAt - Date.now() : 0
      // A client that slept reports an older time; only its connection to the cloud proves the clocks.
      if (this.live.status.state === 'connected') this.#skewMs = Math.abs(skewMs) < skewMsMin ? 0 : skewMs
    }
    this.#onChange()
  }

  #readLog(): void {
    if (!isWallBoard(this.connection) && this.scopes.has('calls:read')) this.log.refresh()
  }

  #take(changes: readonly Change[]): void {
    this.states = addChanges(this.states, changes)
    for (const change of changes) {
      if (change.topic === 'calls' && change.kind === 'gone' && this.scopes.has('calls:read')) {
        this.log.awaitRecord(change.entity?.state.mergedInto ?? change.id)
      }
      if (change.topic === 'endpoints' && change.entity?.state.trunk) showTrunk(change.id)
      if (change.topic === 'endpoints' && change.before && change.entity && this.onRing) {
        const rings = ({ deviceState }: EndpointState) => deviceState.startsWith('RING')
        if (rings(change.entity.state) && !rings(change.before.state)) this.onRing(change.entity.state)
      }
    }
    this.#changed()
  }
}
