/**
 * Returns the number of cases that a property is tried with: `sample` in `npm test`, more in the campaign `properties`,
 * which sets TEST_PROPERTY_RUNS. The random seed is TEST_SEED, printed at the start of a run.
 */
export function propertyRuns(sample: number): number {
  return Math.max(sample, Number(process.env['TEST_PROPERTY_RUNS'] ?? 0))
}
