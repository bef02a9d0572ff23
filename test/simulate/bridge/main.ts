import { parseArgs } from 'node:util'
import { bugs } from './bugs.ts'
import { faults } from './faults.ts'
import { Simulation } from './simulation.ts'

export interface Summary {
  seeds: number
  injected: Map<string, number>
  failed: { seed: number; failures: string[] }[]
  records: number
  duplicates: number
}

/** Runs the seeds [first, first + seeds). With a `bug`, stops at the first seed that fails. */
export async function simulate(first: number, seeds: number, bug?: string): Promise<Summary> {
  const injected = new Map(Object.keys(faults).map((kind) => [kind, 0]))
  const summary: Summary = { seeds: 0, injected, failed: [], records: 0, duplicates: 0 }
  for (let seed = first; seed < first + seeds; seed += 1) {
    const result = await new Simulation(seed, bug).run()
    summary.seeds += 1
    summary.records += result.records
    summary.duplicates += result.duplicates
    for (const [kind, count] of result.injected) injected.set(kind, (injected.get(kind) ?? 0) + count)
    if (result.failures.length > 0) summary.failed.push({ seed, failures: result.failures })
    if (bug !== undefined && summary.failed.length > 0) break
  }
  return summary
}

export function summaryLine({ seeds, injected, failed, records, duplicates }: Summary): string {
  const kinds = [...injected].map(([kind, count]) => `${kind} ${count}`).join(', ')
  const lost = failed.flatMap(({ failures }) => failures).length
  return `${seeds} seeds, ${records} records, ${lost} lost, duplicated or wrong, ${duplicates} sent twice and deduplicated; injected: ${kinds}`
}

/** `npm run simulate -- [--seeds N] [--first F] [--break NAME] [--json]` */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string', default: '300' },
      first: { type: 'string', default: '1' },
      break: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const bug = values.break
  if (bug !== undefined && !bugs[bug]) throw new Error(`--break must be one of ${Object.keys(bugs).join(', ')}`)
  const summary = await simulate(Number(values.first), Number(values.seeds), bug)
  if (values.json) {
    console.log(JSON.stringify({ ...summary, injected: [...summary.injected] }))
    return
  }
  for (const { seed, failures } of summary.failed.slice(0, 10)) {
    console.log(`seed ${seed}: ${failures.slice(0, 5).join('; ')}`)
    console.log(
      `  repeat with: npm run simulate -- --first ${seed} --seeds 1${bug === undefined ? '' : ` --break ${bug}`}`,
    )
  }
  console.log(summaryLine(summary))
  process.exitCode = summary.failed.length > 0 ? 1 : 0
}
