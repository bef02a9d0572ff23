import type { Change } from '../client/index.ts'
import { type PresenceWord, presenceOf } from '../contracts/presence.ts'
import { isPhone } from './presence-labels.ts'

/** One change of state: a row of the table of the course report. */
export interface StateRow {
  /** Contains the version, so it is unique. */
  key: string
  /** Unix milliseconds. */
  at: number
  endpoint: string
  word: PresenceWord
  deviceState: string
}

export const stateRowsMax = 200

/** Adds the changes of a frame, newest first. What the first snapshot says of a phone is its state and no change. */
export function addChanges(log: readonly StateRow[], changes: readonly Change[]): readonly StateRow[] {
  const rows: StateRow[] = []
  for (const change of changes) {
    if (change.topic !== 'endpoints' || !change.entity || !isPhone(change.entity.state)) continue
    const { state, v, r } = change.entity
    const before = change.before?.state
    if (!before && change.source === 'snapshot') continue
    const now = presenceOf(state)
    if (before && before.deviceState === state.deviceState && presenceOf(before).presence === now.presence) continue
    const { endpoint, deviceState } = state
    rows.push({
      key: `${v} ${r} ${endpoint}`,
      at: Date.parse(now.since),
      endpoint,
      word: now.presence,
      deviceState,
    })
  }
  if (rows.length === 0) return log
  return [...rows.sort((a, b) => b.at - a.at), ...log].slice(0, stateRowsMax)
}
