/** Whether the page is visible and the network is up. In Node both always hold. */
export interface Environment {
  isVisible(): boolean
  isOnline(): boolean
  /** Calls `onChange` when either changes, until the signal aborts. */
  watch(onChange: () => void, signal: AbortSignal): void
}

export const browserEnvironment: Environment = {
  isVisible: () => globalThis.document?.visibilityState !== 'hidden',
  // Node has a `navigator` too, but without `onLine`.
  isOnline: () => globalThis.navigator?.onLine !== false,
  watch(onChange, signal) {
    if (!globalThis.document) return
    // The document fires `visibilitychange`, which bubbles to the window.
    for (const name of ['online', 'offline', 'visibilitychange']) addEventListener(name, onChange, { signal })
  },
}
