/** What the page around the client tells: is it in view, is there a network. In Node nothing is told and both hold. */
export interface Environment {
  isVisible(): boolean
  isOnline(): boolean
  /** Calls back when either changes, until the signal says so. */
  watch(onChange: () => void, signal: AbortSignal): void
}

export const browserEnvironment: Environment = {
  isVisible: () => globalThis.document?.visibilityState !== 'hidden',
  // Node's own `navigator` has no `onLine`.
  isOnline: () => globalThis.navigator?.onLine !== false,
  watch(onChange, signal) {
    if (!globalThis.document) return
    // The last is the document's own, and bubbles.
    for (const name of ['online', 'offline', 'visibilitychange']) addEventListener(name, onChange, { signal })
  },
}
