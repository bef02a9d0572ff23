import { vi } from 'vitest'

/** Many times what any condition takes on an idle machine; Vitest itself gives up after one second. */
const defaults = { timeout: 120_000, interval: 10 }

const waitFor = vi.waitFor.bind(vi)
vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === 'number' ? options : { ...defaults, ...options })
