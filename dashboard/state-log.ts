import type { Change } from '../client/index.ts'
import { type PhoneWord, phoneWord } from './phone-state.ts'

/** The course report's table: one row a change of state. */
export interface StateRow {
  /** The version: no two changes share it. */
  key: string
  /** Unix milliseconds. */
  at: number
  endpoint: string
  word: PhoneWord
  deviceState: string
}

export const stateRowsMax = 200

/** The log with the frame's changes on top, the newest first. A first snapshot tells each phone's last change. */
export function addChanges(log: readonly StateRow[], changes: readonly Change[]): readonly StateRow[] {
  const rows: StateRow[] = []
  for (const change of changes) {
    if (change.topic !== 'endpoints' || !change.entity) continue
    const { state, v, r } = change.entity
    const before = change.before?.state
    if (before && before.deviceState === state.deviceState && phoneWord(before) === phoneWord(state)) continue
    const { endpoint, deviceState } = state
    rows.push({
      key: `${v} ${r} ${endpoint}`,
      at: Date.parse(state.since),
      endpoint,
      word: phoneWord(state),
      deviceState,
    })
  }
  if (rows.length === 0) return log
  return [...rows.sort((a, b) => b.at - a.at), ...log].slice(0, stateRowsMax)
}
