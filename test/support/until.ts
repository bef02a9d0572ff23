import { setTimeout as delay } from 'node:timers/promises'

/** Many times what any condition takes on an idle machine: other programs may keep every core busy. */
const patienceMs = 120_000

const lookEveryMs = 20

/** Waits until `look` returns a value, and returns it; throws an error that names what it waited for. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  msMax = patienceMs,
): Promise<T> {
  const deadline = Date.now() + msMax
  while (Date.now() < deadline) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await delay(lookEveryMs)
  }
  throw new Error(`waited ${msMax} ms for ${what}`)
}
