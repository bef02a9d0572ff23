import type { Change } from '../client/index.ts'
import { type PresenceWord, presenceOf } from '../contracts/presence.ts'
import { isPhone } from './presence-labels.ts'

/** The course report's table: one row a change of state. */
export interface StateRow {
  /** The version: no two changes share it. */
  key: string
  /** Unix milliseconds. */
  at: number
  endpoint: string
  word: PresenceWord
  deviceState: string
}

export const stateRowsMax = 200

/** The log with the frame's changes on top, the newest first. A first snapshot tells each phone's last change. */
export function addChanges(log: readonly StateRow[], changes: readonly Change[]): readonly StateRow[] {
  const rows: StateRow[] = []
  for (const change of changes) {
    if (change.topic !== 'endpoints' || !change.entity || !isPhone(change.entity.state)) continue
    const { state, v, r } = change.entity
    const before = change.before?.state
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
