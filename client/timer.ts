import type { Clock } from './clock.ts'

/** Schedules at most one task: a call cancels the task before it, and without a task it only cancels. */
export type Timer = (delayMs?: number, task?: () => void) => void

export function timer(clock: Clock): Timer {
  let cancel: (() => void) | undefined
  return (delayMs = 0, task) => {
    cancel?.()
    cancel = task && clock.after(delayMs, task)
  }
}
