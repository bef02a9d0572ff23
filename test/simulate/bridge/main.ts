import { parseArgs } from 'node:util'
import { bugs } from './bugs.ts'
import { faults } from './faults.ts'
import { Simulation } from './simulation.ts'

export interface Summary {
  seeds: number
  injected: Map<string, number>
  failed: { seed: number; failures: string[] }[]
  records: number
  doubles: number
}

/** Runs seeds `first` to `first + seeds`; stops at the first that fails if `bug` was asked for. */
export async function simulate(first: number, seeds: number, bug?: string): Promise<Summary> {
  const injected = new Map(Object.keys(faults).map((kind) => [kind, 0]))
  const summary: Summary = { seeds: 0, injected, failed: [], records: 0, doubles: 0 }
  for (let seed = first; seed < first + seeds; seed += 1) {
    const result = await new Simulation(seed, bug).run()
    summary.seeds += 1
    summary.records += result.records
    summary.doubles += result.doubles
    for (const [kind, count] of result.injected) injected.set(kind, (injected.get(kind) ?? 0) + count)
    if (result.failures.length > 0) summary.failed.push({ seed, failures: result.failures })
    if (bug !== undefined && summary.failed.length > 0) break
  }
  return summary
}

export function closingLine({ seeds, injected, failed, records, doubles }: Summary): string {
  const kinds = [...injected].map(([kind, count]) => `${kind} ${count}`).join(', ')
  const lost = failed.flatMap(({ failures }) => failures).length
  return `${seeds} seeds, ${records} records, ${lost} lost, doubled or wrong, ${doubles} sent twice and absorbed; injected: ${kinds}`
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
  if (bug !== undefined && !bugs[bug]) throw new Error(`--break takes one of ${Object.keys(bugs).join(', ')}`)
  const summary = await simulate(Number(values.first), Number(values.seeds), bug)
  if (values.json) {
    console.log(JSON.stringify({ ...summary, injected: [...summary.injected] }))
    return
  }
  for (const { seed, failures } of summary.failed.slice(0, 10)) {
    console.log(`seed ${seed}: ${failures.slice(0, 5).join('; ')}`)
    console.log(`  again: npm run simulate -- --first ${seed} --seeds 1${bug === undefined ? '' : ` --break ${bug}`}`)
  }
  console.log(closingLine(summary))
  process.exitCode = summary.failed.length > 0 ? 1 : 0
}
