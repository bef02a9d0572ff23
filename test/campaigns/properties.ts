import { startVitest } from 'vitest/node'

const runsDefault = 10_000

/** `npm run campaign -- properties [RUNS]`: tries every property of the suite `pure` with RUNS random cases, 10,000 unless given. */
export async function main([runs = String(runsDefault)]: string[]): Promise<void> {
  if (!/^[1-9]\d*$/.test(runs)) throw new Error(`RUNS must be a whole number, for example 100000, not "${runs}"`)
  process.env['TEST_PROPERTY_RUNS'] = runs
  process.env['TEST_SEED'] ??= String(Math.floor(Math.random() * 2 ** 31))
  console.log(`${runs} cases a property, seed ${process.env['TEST_SEED']} (TEST_SEED=... repeats them)`)
  const vitest = await startVitest([], { watch: false, project: ['pure'], testTimeout: 3_600_000 })
  const failed = vitest.state.getCountOfFailedTests()
  await vitest.close()
  if (failed > 0) throw new Error(`${failed} properties failed`)
}
