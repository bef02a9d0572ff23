import type { Direction } from '../../../contracts/calls.ts'
import { isExtension } from '../phone-number.ts'
import { lineOfEndpoint } from '../site-lines.ts'
import type { Leg } from './leg.ts'

/** Contexts into which PBXs send what comes from outside, for a caller who shows no number. */
const outsideContext = /entrant|trunk|pstn|extern|incoming|inbound|\bdid\b|-did|did-/i

export function isOutside(number: string): boolean {
  return number !== '' && !isExtension(number) && /^\+?\d+$/.test(number)
}

/**
 * Told by the ends of the leg: from a trunk is inbound, from a phone to a trunk or to an outside number is outbound, else
 * internal. The numbers and the context decide only where neither the settings nor the names of the channels tell what
 * the calling end is; `src` alone never does, since dial plans overwrite it.
 */
export function directionOf(leg: Leg): Direction {
  if (leg.isFromTrunk === true) return 'inbound'
  const leadsOutside = leg.isToTrunk === true || isOutside(leg.called)
  if (leg.isFromTrunk === false) return leadsOutside ? 'outbound' : 'internal'
  if (outsideContext.test(leg.cdr.dcontext) && !isExtension(leg.caller)) return 'inbound'
  if (isOutside(leg.caller) && leg.isToTrunk !== true && (leg.isToTrunk === false || !leadsOutside)) return 'inbound'
  return leadsOutside ? 'outbound' : 'internal'
}

/** The trunk that a leg used: the far end of an inbound or outbound leg. A phone with the name of an extension is none. */
export function trunkOf(leg: Leg): string | undefined {
  const direction = directionOf(leg)
  if (direction === 'inbound' && leg.from !== undefined && leg.isFromTrunk !== false) return lineOfEndpoint(leg.from)
  if (direction === 'outbound' && leg.to !== undefined && leg.isToTrunk !== false) return lineOfEndpoint(leg.to)
  return undefined
}
