import { tellMany } from '../simulate/fan-out/quotas.ts'

/**
 * Goal: within API Gateway's quota, one change reaches every subscriber of a site, from 10 to 100,000 of them. Method: the
 * fan-out's own code on a virtual clock, three seeds each; the last of all must be told within the site's pace and a second.
 */
export async function main(): Promise<void> {
  console.log('subscribers  reached  gone  slow   p50 ms   p99 ms  last ms  pace ms  chunks  throttled  peak/s')
  for (const subscribers of [10, 100, 1_000, 10_000, 100_000]) {
    for (const seed of [1, 2, 3]) {
      const told = await tellMany(subscribers, seed)
      const { reached, gone, slow, p50, p99, last, paceMs, chunks, throttled, peakPerSecond, open, unreached } = told
      const columns = [subscribers, reached, gone, slow, p50, p99, last, paceMs, chunks, throttled, peakPerSecond]
      console.log(
        columns.map((value, n) => String(value).padStart([11, 9, 6, 6, 9, 9, 9, 9, 8, 11, 8][n] ?? 8)).join(''),
      )
      if (reached !== open || unreached > 0) throw new Error(`${open - reached} of ${subscribers} were not told`)
      if (last > paceMs + 1_500) throw new Error(`the last of ${subscribers} was told after ${last} ms`)
    }
  }
}
