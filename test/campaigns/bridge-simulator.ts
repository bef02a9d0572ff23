import { execFile } from 'node:child_process'
import { parseArgs, promisify } from 'node:util'
import * as v from 'valibot'
import { bugs } from '../simulate/bridge/bugs.ts'
import { type Summary, simulate, summaryLine } from '../simulate/bridge/main.ts'

const injectedMin = 500
const seedsForBug = 200
/** Seeds per process. Promises of killed bridges never settle, so a process's memory grows with each seed. */
const seedsPerProcess = 500

const Part = v.object({
  seeds: v.number(),
  injected: v.array(v.tuple([v.string(), v.number()])),
  failed: v.array(v.object({ seed: v.number(), failures: v.array(v.string()) })),
  records: v.number(),
  duplicates: v.number(),
})

/** `npm run campaign -- bridge-simulator [--seeds N] [--first F]`: runs 10,000 schedules, and finds each planted bug within 200 seeds. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { seeds: { type: 'string', default: '10000' }, first: { type: 'string', default: '1' } },
  })
  for (const name of Object.keys(bugs)) {
    const { failed, seeds } = await simulate(1, seedsForBug, name)
    if (failed.length === 0) throw new Error(`the planted bug ${name} was not found in ${seeds} seeds`)
    console.log(`planted bug ${name}: found after ${seeds} seeds`)
  }
  const seeds = Number(values.seeds)
  const summary = await simulateInParts(Number(values.first), seeds)
  console.log(summaryLine(summary))
  for (const { seed, failures } of summary.failed) {
    console.log(`seed ${seed}: ${failures.join('; ')}\n  repeat with: npm run simulate -- --first ${seed} --seeds 1`)
  }
  if (summary.failed.length > 0) throw new Error(`${summary.failed.length} of ${seeds} seeds failed`)
  const rare = [...summary.injected].filter(([, count]) => count < (injectedMin * seeds) / 10_000)
  if (rare.length > 0) throw new Error(`too rarely injected: ${rare.map(([kind]) => kind).join(', ')}`)
}

async function simulateInParts(first: number, seeds: number): Promise<Summary> {
  const whole: Summary = { seeds: 0, injected: new Map(), failed: [], records: 0, duplicates: 0 }
  for (let from = first; from < first + seeds; from += seedsPerProcess) {
    const count = Math.min(seedsPerProcess, first + seeds - from)
    const program = ['infra/launch.mjs', 'test/simulate/bridge/main.ts']
    const args = [...program, '--json', '--first', `${from}`, '--seeds', `${count}`]
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 })
    const part = v.parse(Part, JSON.parse(stdout))
    for (const [kind, times] of part.injected) whole.injected.set(kind, (whole.injected.get(kind) ?? 0) + times)
    whole.failed.push(...part.failed)
    whole.seeds += part.seeds
    whole.records += part.records
    whole.duplicates += part.duplicates
    console.log(`${whole.seeds} seeds, ${whole.failed.length} of them failed`)
  }
  return whole
}
