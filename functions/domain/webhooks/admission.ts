/**
 * How a receiver is doing, kept in the table: deliveries in flight, its rate, its circuit breaker, and since when it fails. All
 * functions are pure, so that one write on the condition that nothing has changed applies a decision. Times are Unix milliseconds.
 */
export interface TargetState {
  /** When the lease of each delivery in flight ends. */
  leases: Readonly<Record<string, number>>
  /** Failures since the last success. */
  failures: number
  /** The breaker is open until then; 0 if it is closed. */
  openUntil: number
  /** How often it opened since the last success. */
  opens: number
  /** When the next delivery has its turn at the rate of the webhook. */
  nextFreeAt: number
  /** Whether a delivery has ever succeeded. */
  isProven: boolean
  /** Since when every try fails; absent after a success. */
  failingSince?: number | undefined
  lastFailureAt?: number | undefined
}

export const newTarget: TargetState = {
  leases: {},
  failures: 0,
  openUntil: 0,
  opens: 0,
  nextFreeAt: 0,
  isProven: false,
}

/**
 * Tries at the same time of a new receiver, and of one that fails. One that has answered before gets as many as its rate a second,
 * since SQS delays by whole seconds and so delivers a second's messages together.
 */
const inFlightMax = { unproven: 2, failing: 1 }
/** Longer than a try with its writes; a function that died holds a place for this long. */
export const leaseMs = 45_000
/** Deliveries that may come at once before the rate spreads them: those of one second. */
const burstMs = 1_000
/** Consecutive failures that open the breaker. */
const failuresMax = 3
const openMsBase = 10_000
const openMsMax = 30 * 60_000
/** Where all places are taken, a delivery asks again after this time. A try of a receiver that fails may hang for 15 s. */
const busyMs = { fine: 500, failing: 15_000 }
/** The longest time for which one answer with Retry-After stops a receiver. */
const pauseMsMax = 3_600_000

const hour = 3_600_000
/** A receiver that fails for this long is disabled; notices are logged after the other times. */
export const disableAfterMs = 120 * hour
export const noticesAfterMs: readonly number[] = [60 * hour, 90 * hour]
/**
 * The clock of failures starts again after a day without a try: one event that failed before a quiet week must not disable a
 * receiver. The tries of one event are 12 h apart at most.
 */
const quietMs = 24 * hour

/**
 * A delivery that wants a place. `isReserved` is true if it waited for its turn and needs none again, `isSlow` if it is among those
 * for receivers that fail.
 */
export interface Wanted {
  id: string
  isReserved: boolean
  isSlow: boolean
}
export interface Admission {
  state: TargetState
  admitted: string[]
  /** Those that have to wait, and until when. */
  deferred: { id: string; at: number }[]
  /** Those for which the receiver fails too much: they belong to the others for such receivers. */
  moved: string[]
}

/** Gives places to deliveries, each named once, in their order, within the places that are free, the rate and the breaker. */
export function admit(
  state: TargetState,
  wanted: readonly Wanted[],
  { now, perSecond }: { now: number; perSecond: number },
): Admission {
  if (state.failures > 0) {
    const moved = wanted.filter(({ isSlow }) => !isSlow).map(({ id }) => id)
    if (moved.length === wanted.length) return { state, admitted: [], deferred: [], moved }
    const slow = wanted.filter(({ isSlow }) => isSlow)
    return { ...givePlaces(state, slow, { now, perSecond }), moved }
  }
  return { ...givePlaces(state, wanted, { now, perSecond }), moved: [] }
}

function givePlaces(
  state: TargetState,
  wanted: readonly Wanted[],
  { now, perSecond }: { now: number; perSecond: number },
): Omit<Admission, 'moved'> {
  const leases = Object.fromEntries(Object.entries(state.leases).filter(([, until]) => until > now))
  const intervalMs = 1_000 / perSecond
  const whenFine = state.isProven ? Math.max(inFlightMax.unproven, perSecond) : inFlightMax.unproven
  const placesMax = state.failures > 0 ? inFlightMax.failing : whenFine
  let { nextFreeAt } = state
  const admitted: string[] = []
  const deferred: Admission['deferred'] = []
  const takeTurn = (earliest: number): number => {
    const turn = Math.max(nextFreeAt, earliest)
    nextFreeAt = turn + intervalMs
    return turn
  }
  for (const { id, isReserved } of wanted) {
    const held = leases[id]
    // SQS delivered the message twice: the other one is being sent.
    if (held !== undefined) deferred.push({ id, at: held })
    else if (state.openUntil > now) deferred.push({ id, at: Math.ceil(takeTurn(state.openUntil)) })
    else if (Object.keys(leases).length >= placesMax)
      deferred.push({ id, at: Math.ceil(takeTurn(now + (state.failures > 0 ? busyMs.failing : busyMs.fine))) })
    else {
      const turn = isReserved ? now : takeTurn(now)
      if (turn - now > burstMs) deferred.push({ id, at: Math.ceil(turn - burstMs) })
      else {
        leases[id] = now + leaseMs
        admitted.push(id)
      }
    }
  }
  return { state: { ...state, leases, nextFreeAt }, admitted, deferred }
}

/** How a try ended, for the state of its receiver. */
export interface TryEnd {
  isDelivered: boolean
  /** The receiver's `Retry-After`, which stops it for all deliveries if it says that it is overloaded (429, 503). */
  pauseMs?: number | undefined
}
export interface Settled {
  state: TargetState
  /** True if it has failed for so long that its webhook is disabled. */
  isToDisable: boolean
  /** The time after which a notice is due with this failure. */
  noticeAfterMs?: number | undefined
}

/** Returns the state after a try: its place is free, and the breaker closes or opens. */
export function settle(state: TargetState, id: string, { isDelivered, pauseMs }: TryEnd, now: number): Settled {
  const { [id]: _, ...leases } = state.leases
  if (isDelivered) {
    const { failingSince: _since, lastFailureAt: _last, ...rest } = state
    return { state: { ...rest, leases, failures: 0, openUntil: 0, opens: 0, isProven: true }, isToDisable: false }
  }
  const failures = state.failures + 1
  const isOpening = failures >= failuresMax
  const opens = isOpening ? state.opens + 1 : state.opens
  const openMs = isOpening ? Math.min(openMsMax, openMsBase * 2 ** (opens - 1)) : 0
  const stopMs = Math.max(openMs, Math.min(pauseMs ?? 0, pauseMsMax))
  const isQuiet = state.lastFailureAt === undefined || now - state.lastFailureAt > quietMs
  const failingSince = isQuiet ? now : (state.failingSince ?? now)
  const before = (state.lastFailureAt ?? now) - failingSince
  const noticeAfterMs = noticesAfterMs.findLast((after) => now - failingSince >= after && before < after)
  return {
    state: {
      ...state,
      leases,
      failures,
      opens,
      openUntil: stopMs > 0 ? Math.max(state.openUntil, now + stopMs) : state.openUntil,
      failingSince,
      lastFailureAt: now,
    },
    isToDisable: now - failingSince >= disableAfterMs,
    ...(noticeAfterMs !== undefined && { noticeAfterMs }),
  }
}
