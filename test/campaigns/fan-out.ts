import { fanOutTo } from '../simulate/fan-out/quotas.ts'

/**
 * Goal: one change reaches every subscriber of a site, from 10 to 100,000, within API Gateway's quota. Method: the fan-out's
 * own code on a virtual clock, three seeds each. The last subscriber must be reached within the site's pace and 1.5 s.
 */
export async function main(): Promise<void> {
  console.log('subscribers  reached  gone  slow   p50 ms   p99 ms  last ms  pace ms  chunks  throttled  peak/s')
  for (const subscribers of [10, 100, 1_000, 10_000, 100_000]) {
    for (const seed of [1, 2, 3]) {
      const result = await fanOutTo(subscribers, seed)
      const { reached, gone, slow, p50, p99, last, paceMs, chunks, throttled, peakPerSecond, open, unreached } = result
      const columns = [subscribers, reached, gone, slow, p50, p99, last, paceMs, chunks, throttled, peakPerSecond]
      console.log(
        columns.map((value, n) => String(value).padStart([11, 9, 6, 6, 9, 9, 9, 9, 8, 11, 8][n] ?? 8)).join(''),
      )
      if (reached !== open || unreached > 0) throw new Error(`${open - reached} of ${subscribers} were not reached`)
      if (last > paceMs + 1_500) throw new Error(`the last of ${subscribers} was reached after ${last} ms`)
    }
  }
}
