import type { FraudReason } from '../../../contracts/fraud.ts'
import type { Risk } from './destination.ts'
import type { Opening } from './hours.ts'
import type { SeenCall } from './state.ts'

export interface CallSetting {
  risk: Risk
  isNew: boolean
  opening: Opening
  isForwarded: boolean
  /** Calls of the same extension within an hour before, oldest first. */
  before: readonly SeenCall[]
  call: Pick<SeenCall, 'number' | 'start'>
}

/**
 * Points of a new destination: in the hours of the site, what its surroundings add out of hours, and what is left of both where the
 * destination is known. Three calls to one ordinary country by day are 3 points, by night 6.
 */
const points: Readonly<Record<Risk, { open: number; closed: number; knownOpen: number; knownClosed: number }>> = {
  shared: { open: 0.5, closed: 1.5, knownOpen: 0, knownClosed: 0.75 },
  directory: { open: 1, closed: 2, knownOpen: 0, knownClosed: 1 },
  premium: { open: 1.5, closed: 3.5, knownOpen: 0.5, knownClosed: 1.5 },
  ordinary: { open: 1, closed: 2, knownOpen: 0, knownClosed: 0.75 },
  medium: { open: 1.5, closed: 3, knownOpen: 0, knownClosed: 1 },
  high: { open: 2, closed: 4, knownOpen: 0, knownClosed: 1.5 },
  'premium-abroad': { open: 3, closed: 5, knownOpen: 0.5, knownClosed: 1.5 },
  satellite: { open: 3, closed: 5, knownOpen: 0.5, knownClosed: 1.5 },
}
/** People redial a number that does not answer: each call to the number of the call before counts half of the one before. */
const redialFactor = 0.5
/** A phone has one user, who talks to one person; machines call several at once. */
const atOncePoints = 2
/** Another number so soon after the last call began, where few people would call at all. */
const rapidPoints = 1
const rapidSeconds = 120
/** A call that never ended, because the bridge died, is no call at the same time after this. */
const openSecondsMax = 4 * 3600

/** Returns the points of a call as it begins, and why. */
export function weigh({ risk, isNew, opening, isForwarded, before, call }: CallSetting): {
  weight: number
  why: FraudReason[]
} {
  // At the edge of the hours people call other time zones, but no premium numbers.
  const isOpen = opening === 'open' || (opening === 'edge' && risk === 'ordinary')
  const { open, closed, knownOpen, knownClosed } = points[risk]
  const base = isNew ? (isOpen ? open : closed) : isOpen ? knownOpen : knownClosed
  if (base === 0) return { weight: 0, why: [] }
  const counted = before.filter(({ weight }) => weight > 0)
  const same = counted.filter(({ number }) => number === call.number)
  const last = counted.at(-1)
  const isAtOnce = counted.some((other) => isOpenAt(other, call.start))
  const isRapid = last !== undefined && last.number !== call.number && call.start - last.start < rapidSeconds
  const forwarding = isForwarded ? (risk === 'ordinary' ? (isOpen ? 0 : 0.5) : 1.5) : 0
  const again = isAtOnce ? 1 : redialFactor ** same.length
  const rapid = isRapid && (!isOpen || base >= 1.5) ? rapidPoints : 0
  const added = isAtOnce ? atOncePoints : rapid
  const why: FraudReason[] = [
    ...(isNew ? ['new-destination' as const] : []),
    ...(risk === 'satellite' ? ['satellite' as const] : []),
    ...(['premium', 'premium-abroad', 'directory', 'shared'].includes(risk) ? ['premium' as const] : []),
    ...(risk === 'high' ? ['high-risk' as const] : []),
    ...(isOpen ? [] : ['out-of-hours' as const]),
    ...(isForwarded ? ['forwarded' as const] : []),
    ...(isAtOnce ? ['at-once' as const] : []),
    ...(rapid > 0 ? ['burst' as const] : []),
  ]
  return { weight: (base + forwarding) * again + added, why }
}

/** Whether a call was going on at a time. */
export function isOpenAt({ start, end }: Pick<SeenCall, 'start' | 'end'>, at: number): boolean {
  return start <= at && at - start < openSecondsMax && (end === undefined || end > at)
}
