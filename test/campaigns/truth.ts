import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type Plant, plants } from '../simulate/presence/plants.ts'
import { quietly } from '../simulate/presence/quietly.ts'
import { runSchedule } from '../simulate/presence/schedule.ts'

/**
 * Goal: after faults every client shows the state of the PBX, and no entity ever moves back. Method: seeded schedules of lost
 * connections, redeliveries, reordering, restarts, lost epochs, backlogs, gone sockets, throttling and kills, over the real code.
 *
 * `npm run campaign -- truth [--seeds N] [--first F] [--plant NAME]`; it prints each seed that fails, and `--first` replays it.
 */
const seedsDefault = 10_000
/** A planted bug must be found within this many seeds. */
const plantSeedsMax = 200

interface Report {
  failed: { seed: number; violations: string[] }[]
  faults: [string, number][]
  epochs: number
}

export async function main(args: string[]): Promise<void> {
  const option = (name: string) => args[args.indexOf(`--${name}`) + 1]
  const has = (name: string) => args.includes(`--${name}`)
  const first = has('first') ? Number(option('first')) : 0
  const seeds = has('seeds') ? Number(option('seeds')) : seedsDefault
  const plant = has('plant') ? plants.find((name) => name === option('plant')) : undefined
  const report = await runAll(first, seeds, plant)
  for (const { seed, violations } of report.failed.slice(0, 10))
    console.log(`seed ${seed}: ${violations.slice(0, 3).join('; ')}`)
  const counts = report.faults.map(([name, count]) => `${name} ${count}`).join(', ')
  console.log(`${seeds} seeds, ${report.failed.length} failed, ${report.epochs} epochs; ${counts}`)
  if (!plant && report.failed.length > 0) throw new Error(`${report.failed.length} schedules failed`)
  if (plant && report.failed.length === 0) throw new Error(`${plant} was not found`)
  if (plant || has('seeds')) return
  for (const name of plants) {
    const { failed } = await runAll(0, plantSeedsMax, name)
    console.log(`${name}: found by ${failed.length} of ${plantSeedsMax} seeds, first ${failed[0]?.seed}`)
    if (failed.length === 0) throw new Error(`${name} was not found`)
  }
}

/** Divides the seeds among one process per core. */
async function runAll(first: number, seeds: number, plant: Plant | undefined): Promise<Report> {
  const workers = availableParallelism()
  const reports = await Promise.all(
    Array.from({ length: workers }, (_, n) => runIn(first + n, first + seeds, workers, plant)),
  )
  const faults = new Map<string, number>()
  for (const [name, count] of reports.flatMap((one) => one.faults)) faults.set(name, (faults.get(name) ?? 0) + count)
  const failed = reports.flatMap((one) => one.failed).sort((a, b) => a.seed - b.seed)
  return { failed, faults: [...faults].sort(), epochs: reports.reduce((sum, one) => sum + one.epochs, 0) }
}

async function runIn(first: number, end: number, step: number, plant: Plant | undefined): Promise<Report> {
  const child = fork(fileURLToPath(import.meta.url), ['worker', ...[first, end, step].map(String), plant ?? ''])
  const [report] = await once(child, 'message')
  return report
}

async function work([, first, end, step, plant]: string[]): Promise<void> {
  const report: Report = { failed: [], faults: [], epochs: 0 }
  const faults = new Map<string, number>()
  for (let seed = Number(first); seed < Number(end); seed += Number(step)) {
    const outcome = await quietly(() =>
      runSchedule(
        seed,
        plants.find((name) => name === plant),
      ),
    )
    if (outcome.violations.length > 0) report.failed.push({ seed, violations: outcome.violations })
    for (const [name, count] of outcome.faults) faults.set(name, (faults.get(name) ?? 0) + count)
    report.epochs += outcome.epochs
  }
  process.send?.({ ...report, faults: [...faults] })
}

if (import.meta.main && process.argv[2] === 'worker') {
  await work(process.argv.slice(2))
  process.disconnect()
}
