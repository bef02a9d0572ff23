import type { Clock } from './clock.ts'

/** One thing to be done later, at most: asking calls off what was asked before, and without a task it does only that. */
export type Timer = (delayMs?: number, task?: () => void) => void

export function timer(clock: Clock): Timer {
  let callOff: (() => void) | undefined
  return (delayMs = 0, task) => {
    callOff?.()
    callOff = task && clock.after(delayMs, task)
  }
}
