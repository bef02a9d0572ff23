import { parseArgs } from 'node:util'
import { bugs } from '../simulate/bridge/bugs.ts'
import { closingLine, simulate } from '../simulate/bridge/main.ts'

const injectedMin = 500
const seedsForBug = 200

/** `npm run campaign -- bridge-simulator [--seeds N] [--first F]`: 10,000 schedules, and each planted mistake found within 200. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { seeds: { type: 'string', default: '10000' }, first: { type: 'string', default: '1' } },
  })
  for (const name of Object.keys(bugs)) {
    const { failed, seeds } = await simulate(1, seedsForBug, name)
    if (failed.length === 0) throw new Error(`the planted mistake ${name} was not found in ${seeds} seeds`)
    console.log(`${name}: found after ${seeds} seeds`)
  }
  const seeds = Number(values.seeds)
  const summary = await simulate(Number(values.first), seeds)
  console.log(closingLine(summary))
  for (const { seed, failures } of summary.failed) {
    console.log(`seed ${seed}: ${failures.join('; ')}\n  again: npm run simulate -- --first ${seed} --seeds 1`)
  }
  if (summary.failed.length > 0) throw new Error(`${summary.failed.length} of ${seeds} seeds failed`)
  const rare = [...summary.injected].filter(([, count]) => count < (injectedMin * seeds) / 10_000)
  if (rare.length > 0) throw new Error(`too rarely injected: ${rare.map(([kind]) => kind).join(', ')}`)
}
