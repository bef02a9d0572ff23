import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { LabUsageError } from './errors.ts'
import type { Situation } from './situation.ts'
import { situations } from './situations.ts'

export interface LabOptions {
  readonly situations: readonly Situation[]
  readonly runs: number
  /** Situations that are measured at the same time. */
  readonly atOnce: number
  /** Traces and results. */
  readonly folder: string
  readonly isListing: boolean
}

export const usage = `npm run lab:nat                        measures every situation once, in some minutes
npm run lab:nat -- --runs 3            three times
npm run lab:nat -- --only r1,o7        only these
npm run lab:nat -- --at-once 1         one after another (default 3)
npm run lab:nat -- --folder DIR        keeps traces there (default .switchhook/nat-lab)
npm run lab:nat -- --list              prints the situations, what is expected and why`

const RUNS_MAX = 100
const AT_ONCE_MAX = 16

/** Parses the command line. @throws LabUsageError */
export function parseLabOptions(args: readonly string[]): LabOptions {
  const { values } = parse(args)
  return {
    situations: chosen(values.only),
    runs: count('--runs', values.runs ?? '1', RUNS_MAX),
    atOnce: count('--at-once', values['at-once'] ?? '3', AT_ONCE_MAX),
    folder: resolve(values.folder ?? '.switchhook/nat-lab'),
    isListing: values.list ?? false,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        runs: { type: 'string' },
        'at-once': { type: 'string' },
        folder: { type: 'string' },
        list: { type: 'boolean' },
      },
    })
  } catch (cause) {
    throw new LabUsageError(cause instanceof Error ? cause.message : '', usage, { cause })
  }
}

function chosen(only: string | undefined): readonly Situation[] {
  if (only === undefined) return situations
  const ids = only.split(',')
  const unknown = ids.filter((id) => !situations.some((one) => one.id === id))
  if (unknown.length > 0)
    throw new LabUsageError(
      `No situation ${unknown.join(', ')}; there are ${situations.map(({ id }) => id).join(', ')}.`,
      usage,
    )
  return situations.filter(({ id }) => ids.includes(id))
}

function count(option: string, text: string, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > most)
    throw new LabUsageError(`${option} must be a number from 1 to ${most}, for example ${option} 3.`, usage)
  return value
}
