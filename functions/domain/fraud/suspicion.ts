import { type FraudReason, type FraudSettings, fraudReasons } from '../../../contracts/fraud.ts'
import { daySeconds, type SeenCall } from './state.ts'
import { isOpenAt } from './weight.ts'

interface Found {
  reasons: FraudReason[]
  calls: SeenCall[]
  cost: number
  /** It is about a call that has gone on for long. */
  isLate: boolean
}

/** One call, or two, are no attack, whatever they cost. */
const callsMin = 3
const hourSeconds = 3600
/** Points of one extension within an hour. */
const hourPoints = 6
/** By day, calls one after another to ordinary countries, and to those of medium risk, never add up to an attack. */
const dayPointsMax = { ordinary: 4, medium: 5 } as const
/** Points of one extension within eight hours, of calls out of hours and to numbers that are a surcharge by themselves. */
const slowSeconds = 8 * hourSeconds
const slowPoints = 9
/** Points of several extensions within half an hour: out of hours, or to one destination. */
const siteSeconds = 1800
const siteWeightMin = 1.5
const sitePoints = { outOfHours: 6, oneDestination: 8 } as const
/** Spellings of one number within an hour: out of hours, and by day, when people try prefixes too. */
const spellingsMin = { outOfHours: 3, open: 5 } as const
/** A call this expensive by the minute is suspected when it is long. */
const longRisks: ReadonlySet<string> = new Set(['premium', 'premium-abroad', 'satellite', 'high'])

/** Returns whether a call, with the ones around it, looks like fraud. `now` ends calls in progress. */
export function suspicionOf(
  calls: readonly SeenCall[],
  call: SeenCall,
  settings: FraudSettings,
  now: number,
): Found | undefined {
  const own = calls.filter(({ extension, start }) => extension === call.extension && start <= call.start)
  const within = (list: readonly SeenCall[], seconds: number) =>
    list.filter(({ start }) => start <= call.start && start > call.start - seconds)
  const cost = costOf(own, call.start, now)
  const found =
    attackOf(within(own, hourSeconds)) ??
    slowAttackOf(within(own, slowSeconds)) ??
    siteAttackOf(within(calls, siteSeconds), call) ??
    probingOf(within(own, hourSeconds), call) ??
    crowdOf(own, call, settings)
  if (found) return { ...found, cost, isLate: false }
  // Nothing that is known and by day is expensive by surprise, whatever its sum.
  if (cost > settings.maxCost && call.weight > 0)
    return { reasons: ['cost', ...reasonsOf([call])], calls: own, cost, isLate: true }
  if (!longRisks.has(call.risk) || call.weight === 0 || call.answer === undefined) return undefined
  const minutes = ((call.end ?? now) - call.answer) / 60
  return minutes > settings.maxMinutes
    ? { reasons: ['long', ...reasonsOf([call])], calls: [call], cost, isLate: true }
    : undefined
}

type Attack = Pick<Found, 'reasons' | 'calls'>

function attackOf(calls: readonly SeenCall[]): Attack | undefined {
  const counted = calls.filter(({ weight }) => weight > 0)
  const calm = { ordinary: 0, medium: 0 }
  let points = 0
  for (const { weight, risk, isOutOfHours, why } of counted) {
    const isCalm = !isOutOfHours && !why.includes('at-once') && !why.includes('forwarded')
    if (isCalm && (risk === 'ordinary' || risk === 'medium')) calm[risk] += weight
    else points += weight
  }
  points += Math.min(calm.ordinary, dayPointsMax.ordinary) + Math.min(calm.medium, dayPointsMax.medium)
  return attack(counted, points, hourPoints)
}

function slowAttackOf(calls: readonly SeenCall[]): Attack | undefined {
  const counted = calls.filter(({ weight, isOutOfHours }) => weight > 0 && (isOutOfHours || weight >= 3))
  return attack(counted, sum(counted), slowPoints)
}

function siteAttackOf(calls: readonly SeenCall[], { key }: SeenCall): Attack | undefined {
  const heavy = calls.filter(({ weight }) => weight >= siteWeightMin)
  if (new Set(heavy.map(({ extension }) => extension)).size < 2) return undefined
  const night = heavy.filter(({ isOutOfHours }) => isOutOfHours)
  const same = heavy.filter((one) => one.key === key && one.weight >= 2)
  const found = attack(night, sum(night), sitePoints.outOfHours) ?? attack(same, sum(same), sitePoints.oneDestination)
  return found && { ...found, reasons: [...found.reasons, 'several-extensions'] }
}

/** Scanners try every prefix before one number. */
function probingOf(calls: readonly SeenCall[], { tail, isOutOfHours }: SeenCall): Attack | undefined {
  const same = calls.filter((one) => one.tail === tail)
  const spellings = new Set(same.map(({ raw }) => raw)).size
  if (spellings < (isOutOfHours ? spellingsMin.outOfHours : spellingsMin.open)) return undefined
  return { reasons: ['prefixes-tried', ...reasonsOf(same)], calls: same }
}

function crowdOf(own: readonly SeenCall[], call: SeenCall, { maxAtOnce }: FraudSettings): Attack | undefined {
  const open = own.filter((one) => isOpenAt(one, call.start))
  if (open.length < maxAtOnce || call.weight === 0) return undefined
  return { reasons: [...new Set<FraudReason>([...reasonsOf(open), 'at-once'])], calls: open }
}

function attack(calls: readonly SeenCall[], points: number, pointsMin: number): Attack | undefined {
  if (calls.length < callsMin || points < pointsMin) return undefined
  return { reasons: reasonsOf(calls), calls: [...calls] }
}

function reasonsOf(calls: readonly SeenCall[]): FraudReason[] {
  const found = new Set(calls.flatMap(({ why }) => why))
  return fraudReasons.filter((reason) => found.has(reason))
}

function sum(calls: readonly SeenCall[]): number {
  return calls.reduce((points, { weight }) => points + weight, 0)
}

/** Estimated cost of answered calls that began within the day before. */
function costOf(calls: readonly SeenCall[], start: number, now: number): number {
  const recent = calls.filter((one) => one.answer !== undefined && one.start > start - daySeconds)
  return recent.reduce((cost, { answer = now, end = now, price }) => cost + (Math.max(0, end - answer) / 60) * price, 0)
}
