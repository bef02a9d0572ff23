import { onSecond } from '../now.ts'

/** A day at work: a page that nobody has touched for so long forgets its key. */
export const idleMsMax = 12 * 3_600_000

/** Calls `onIdle` once nobody has touched the page for twelve hours, until the returned function is called. */
export function watchIdle(onIdle: () => void): () => void {
  let touchedAt = Date.now()
  const touch = () => {
    touchedAt = Date.now()
  }
  const events = ['pointerdown', 'keydown'] as const
  for (const name of events) addEventListener(name, touch, { passive: true })
  const stop = onSecond(() => {
    if (Date.now() - touchedAt > idleMsMax) onIdle()
  })
  return () => {
    stop()
    for (const name of events) removeEventListener(name, touch)
  }
}
