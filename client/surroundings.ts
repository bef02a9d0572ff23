/** What the page around the client tells: is it in view, is there a network. In Node nothing is told and both hold. */
export interface Surroundings {
  isVisible(): boolean
  isOnline(): boolean
  /** Calls back when either changes, until the signal says so. */
  watch(onChange: () => void, signal: AbortSignal): void
}

export const browserSurroundings: Surroundings = {
  isVisible: () => typeof document === 'undefined' || document.visibilityState === 'visible',
  // Node's own `navigator` has no `onLine`.
  isOnline: () => typeof navigator === 'undefined' || navigator.onLine !== false,
  watch(onChange, signal) {
    if (typeof document === 'undefined') return
    addEventListener('online', onChange, { signal })
    addEventListener('offline', onChange, { signal })
    document.addEventListener('visibilitychange', onChange, { signal })
  },
}
