import type { BridgeStatus } from '../../../contracts/bridge-status.ts'
import { type BridgeHealth, isSilent, pbxOf } from '../../stores/sites.ts'

/** Returns what the cloud knows about the bridge of a site, from the row of its heartbeats. */
export function bridgeStatus(row: BridgeHealth | undefined, now: number): BridgeStatus {
  if (!row) return { bridge: { state: 'never' } }
  const { lastHeard, onlineSince, version, asterisk, checks, lastGap } = row
  const isLost = isSilent(lastHeard, now)
  const since = isLost ? lastHeard : onlineSince
  const pbx = pbxOf(row)
  return {
    bridge: {
      state: isLost ? 'lost' : 'connected',
      ...(since !== undefined && { since }),
      ...(version !== undefined && { version }),
    },
    ...(pbx && { pbx: { ...pbx, ...(asterisk !== undefined && { version: asterisk }) } }),
    lastHeard,
    ...(checks && checks.length > 0 && { checks }),
    ...(lastGap && { lastGap }),
  }
}
