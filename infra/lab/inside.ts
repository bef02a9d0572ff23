import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SwitchhookError } from '../../contracts/errors.ts'
import { LabDifferenceError } from './errors.ts'
import { measure, workFolder } from './measure.ts'
import { type LabOptions, parseLabOptions } from './options.ts'
import { type Result, resultText, tableOf } from './report.ts'
import type { Situation } from './situation.ts'
import { signallingOf } from './trace.ts'
import { differences } from './verdict.ts'

/** The part of the laboratory that runs in namespaces of its own: `WORK ROOT [options]`. */
export async function main([work = '', root = '', ...args]: string[]): Promise<void> {
  const options = parseLabOptions(args)
  // Each program that is tied to this process listens for its exit.
  process.setMaxListeners(10 * options.atOnce)
  const results: Result[] = []
  const faults: string[] = []
  for (let run = 1; run <= options.runs; run++) {
    if (options.runs > 1) console.log(`run ${run} of ${options.runs}\n`)
    const waiting = [...options.situations]
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const outcome = await measureOne(next, run, { work, root, options })
        if (typeof outcome === 'string') faults.push(`run ${run}, ${next.id}: ${outcome}`)
        else {
          results.push(outcome)
          faults.push(...differences(next, outcome.seen).map((one) => `run ${run}, ${next.id}: ${one}`))
        }
      }
    }
    await Promise.all(Array.from({ length: options.atOnce }, worker))
  }
  const order = options.situations.map(({ id }) => id)
  results.sort((one, other) => order.indexOf(one.situation.id) - order.indexOf(other.situation.id))
  const table = tableOf(results)
  await writeFile(join(options.folder, 'table.md'), table)
  console.log(
    `${table}\n${results.length} measurements, ${faults.length} not as expected; traces are in ${options.folder}.`,
  )
  if (faults.length > 0) throw new LabDifferenceError(faults)
}

/** Measures a situation and writes its trace. Returns the message of an expected error, so that the others go on. */
async function measureOne(
  situation: Situation,
  run: number,
  { work, root, options }: { work: string; root: string; options: LabOptions },
): Promise<Result | string> {
  const name = `${situation.id}${options.runs > 1 ? `-run${run}` : ''}`
  const traceFile = join(options.folder, `${name}.pcap`)
  const folder = workFolder(work, run, situation)
  try {
    const result = { situation, seen: await measure(situation, { root, folder, traceFile }) }
    const text = resultText(result)
    console.log(text)
    await writeFile(join(options.folder, `${name}.txt`), `${text}\n${await signallingOf(traceFile)}`)
    if (differences(situation, result.seen).length > 0) await keepLogs(folder, join(options.folder, name))
    return result
  } catch (error) {
    await keepLogs(folder, join(options.folder, name))
    if (!(error instanceof SwitchhookError)) throw error
    console.log(`WRONG ${situation.id}: ${error.message}\n`)
    return error.message
  }
}

/** Keeps the logs of the three Asterisks of a situation that failed. */
async function keepLogs(folder: string, target: string): Promise<void> {
  for (const one of ['pbx', 'a', 'b'])
    await cp(join(folder, one, 'log'), join(target, one), { recursive: true }).catch(() => undefined)
}
