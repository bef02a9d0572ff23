import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import type { Bench, Figure } from './figure.ts'

/** `npm run bench -- NAME [--json] [more]`: measures, then prints the figures. No bench passes or fails. */
export async function main(args: string[]): Promise<void> {
  const [name, ...rest] = args
  const names = readdirSync('bench')
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((known) => !['run', 'figure'].includes(known))
  if (!name || !names.includes(name)) {
    console.error(`npm run bench -- NAME [--json]; there are ${names.join(', ')}.`)
    process.exit(64)
  }
  const json = rest.includes('--json')
  const bench: Bench = await import(`./${name}.ts`)
  const figures = await withoutLogs(() => bench.measure(rest.filter((arg) => arg !== '--json')))
  const [cpu] = cpus()
  const machine = `${cpus().length} cores, ${cpu?.model ?? 'unknown'}, Node ${process.version}`
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim()
  if (json) console.log(JSON.stringify({ bench: name, machine, commit, figures }))
  else print(name, machine, commit, figures)
}

/**
 * The product writes its logs to standard output, one line for each refused body: while a bench measures, they are
 * dropped, and only figures are printed.
 */
async function withoutLogs<T>(measure: () => Promise<T>): Promise<T> {
  const write = process.stdout.write
  process.stdout.write = () => true
  try {
    return await measure()
  } finally {
    process.stdout.write = write
  }
}

function print(name: string, machine: string, commit: string, figures: Figure[]): void {
  console.log(`\n${name} at ${commit}, on ${machine}\n`)
  for (const { name, value, unit, target, ratioTo } of figures) {
    const notes = [ratioTo && `of ${ratioTo}`, target && `target ${target}`].filter(Boolean).join('; ')
    console.log(`${name.padEnd(52)} ${format(value).padStart(10)} ${unit.padEnd(10)} ${notes}`)
  }
}

function format(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3)
}
