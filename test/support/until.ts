import { setTimeout as delay } from 'node:timers/promises'

const lookEveryMs = 20

/** Waits until `look` answers something, and returns it; fails with what it was waiting for. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>, msMax = 20_000): Promise<T> {
  const deadline = Date.now() + msMax
  while (Date.now() < deadline) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await delay(lookEveryMs)
  }
  throw new Error(`waited ${msMax} ms in vain for ${what}`)
}
