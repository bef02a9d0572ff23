import type { EndpointState } from '../../contracts/facts.ts'
import type { Entity, StatsFrame } from '../../contracts/frames.ts'
import { byExtension, combinePresence } from '../../contracts/presence.ts'

interface Row {
  entity: Entity | undefined
  ended: boolean
}

/** Counts extensions by presence, and live calls by state. */
export function siteStats(endpoints: readonly Row[], calls: readonly Row[]): StatsFrame {
  const states = endpoints.flatMap(({ entity, ended }) =>
    entity && !ended && isEndpointState(entity.state) ? [entity.state] : [],
  )
  const words = [...byExtension(states).values()].map((devices) => combinePresence(devices)?.presence ?? 'unknown')
  const progress = calls.flatMap(({ entity, ended }) => (entity && !ended ? [String(entity.state['state'])] : []))
  return { type: 'stats', presence: countEach(words), calls: countEach(progress) }
}

function isEndpointState(state: Entity['state']): state is EndpointState {
  return state['deviceState'] !== undefined
}

function countEach(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of [...words].sort()) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
