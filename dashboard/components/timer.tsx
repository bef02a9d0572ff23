import { age, duration } from '../moments.ts'
import { type ShownClock, useNow } from '../now.ts'

/** How long something lasts, counted each second; it stands still with its clock. */
export function Timer({ sinceMs, clock }: { sinceMs: number; clock: ShownClock }) {
  const seconds = (useNow(clock) - sinceMs) / 1_000
  return <span class="timer">{Number.isNaN(seconds) ? '' : duration(seconds)}</span>
}

/** How long a state has lasted, in its largest unit. */
export function Age({ sinceMs, clock }: { sinceMs: number; clock: ShownClock }) {
  return <span class="age">{age((useNow(clock) - sinceMs) / 1_000)}</span>
}
