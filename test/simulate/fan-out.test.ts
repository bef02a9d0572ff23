import { expect, test } from 'vitest'
import { fanOutTo } from './fan-out/quotas.ts'

/**
 * Goal: a change reaches every open connection within the account's quota, and slow or gone connections delay no other.
 * Method: the fan-out's own code against models of API Gateway and Lambda on a virtual clock. `npm run campaign -- fan-out`
 * goes up to 100,000 subscribers.
 */
test.each([
  [500, 500],
  [5_000, 3_000],
  [20_000, 5_500],
])('a change reaches %i subscribers within %i ms, although some are slow or gone', async (many, ms) => {
  const result = await fanOutTo(many, 7)
  expect(result.reached).toBe(result.open)
  expect(result).toMatchObject({ throttled: 0, unreached: 0 })
  expect(result.last).toBeLessThan(ms)
  expect(result.peakPerSecond).toBeLessThan(7_000)
})
