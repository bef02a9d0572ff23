import { expect, test } from 'vitest'
import { tellMany } from './fan-out/quotas.ts'

/**
 * Goal: everyone who can be told is told, within the account's quota, and nobody waits for one who is slow or gone. Method:
 * the fan-out's own code against models of API Gateway and Lambda, on a virtual clock; `npm run campaign -- fan-out` goes
 * to 100,000.
 */
test.each([
  [500, 500],
  [5_000, 3_000],
  [20_000, 5_500],
])('%i subscribers are told within %i ms, the slow and the gone among them delaying nobody', async (many, ms) => {
  const told = await tellMany(many, 7)
  expect(told.reached).toBe(told.open)
  expect(told).toMatchObject({ throttled: 0, unreached: 0 })
  expect(told.last).toBeLessThan(ms)
  expect(told.peakPerSecond).toBeLessThan(7_000)
})
