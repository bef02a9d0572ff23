import type { Gap } from '../contracts/facts.ts'
import type { Listeners } from './listeners.ts'
import type { Change } from './store.ts'

/** `refused`: the API rejects this key or site. The client still retries each 30 s, because a key can become valid again. */
export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'offline' | 'refused' | 'stopped'
export interface Status {
  state: ConnectionState
  /** Unix milliseconds. */
  since: number
}

export interface LiveEvents {
  /** The changes of one frame; empty if only `heard` or `stats` changed. */
  change: readonly Change[]
  status: Status
  /** Changes between two times may have been missed. The state shown now is right. */
  gap: Gap
  /** The bridge restarted or reconnected to Asterisk, which begins this epoch. Changes before it may have been missed. */
  reset: number
  /** For logs: the client recovers by itself. */
  error: Error
}

export type Emit = Listeners<LiveEvents>['emit']
