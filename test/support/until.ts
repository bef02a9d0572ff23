import { setTimeout as delay } from 'node:timers/promises'

/** Many times what any condition takes on an idle machine: other programs may keep every core busy. */
const patienceMs = 120_000

/** The first waits are short, so that a test goes on at once; later ones leave the processor to what is waited for. */
const lookMs = { first: 20, most: 200, factor: 1.3 }
/** After a look that takes long, such as one at all items of a table, the wait is this many times as long. */
const rest = { factor: 3, msMax: 1000 }

/** Waits until `look` returns a value, and returns it; throws an error that names what it waited for. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  msMax = patienceMs,
): Promise<T> {
  const deadline = Date.now() + msMax
  for (let waitMs = lookMs.first; Date.now() < deadline; waitMs = Math.min(lookMs.most, waitMs * lookMs.factor)) {
    const startedAt = performance.now()
    const found = await look()
    if (found !== undefined && found !== false) return found
    await delay(Math.max(waitMs, Math.min(rest.msMax, rest.factor * (performance.now() - startedAt))))
  }
  throw new Error(`waited ${msMax} ms for ${what}`)
}
