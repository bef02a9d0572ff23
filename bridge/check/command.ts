import { parseArgs } from 'node:util'
import { type BridgeConfig, readConfig } from '../config.ts'
import { exitStatus, FatalError } from '../failure.ts'
import type { Check } from '../operate/checks.ts'
import { defaultFolder, runChecks } from './run-checks.ts'

const usage = 'usage is switchhook-bridge check --config FILE [--etc DIR] [--json]'

/**
 * Runs `switchhook-bridge check`: looks at everything that the bridge depends on, beside a running bridge too, and prints what is
 * wrong and how to repair it. Changes nothing and makes no call. Returns the exit status: 78 if a check failed.
 */
export async function runCheck(args: string[]): Promise<number> {
  const { configFile, folder, isJson } = optionsOf(args)
  const checks = await checksOf(configFile, folder)
  process.stdout.write(isJson ? `${JSON.stringify({ checks }, null, 2)}\n` : asText(checks))
  return checks.some(({ state }) => state === 'failed') ? exitStatus.config : 0
}

async function checksOf(configFile: string, folder: string): Promise<Check[]> {
  let config: BridgeConfig
  try {
    config = await readConfig(configFile)
  } catch (error) {
    if (!(error instanceof FatalError)) throw error
    const repair = 'Correct the file, and run the check again: it looks at the rest then'
    return [{ id: 'config', state: 'failed', reason: error.message, repair }]
  }
  return [
    { id: 'config', state: 'ok', reason: `${configFile} is valid, for the site ${config.site}` },
    ...(await runChecks(config, folder)),
  ]
}

function optionsOf(args: string[]): { configFile: string; folder: string; isJson: boolean } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        config: { type: 'string' },
        etc: { type: 'string', default: defaultFolder },
        json: { type: 'boolean', default: false },
      },
    })
    if (values.config !== undefined) return { configFile: values.config, folder: values.etc, isJson: values.json }
  } catch (cause) {
    throw new FatalError('usage', exitStatus.usage, usage, { cause })
  }
  throw new FatalError('usage', exitStatus.usage, usage)
}

/** One line a check, and below it what to do, indented. */
export function asText(checks: readonly Check[]): string {
  const widest = Math.max(...checks.map(({ id }) => id.length))
  const lines = checks.flatMap(({ id, state, reason, repair }) => [
    `${state.padEnd(8)} ${id.padEnd(widest)}  ${reason}`,
    ...(repair === undefined
      ? []
      : repair
          .trimEnd()
          .split('\n')
          .map((line) => `${' '.repeat(9)}${line}`)),
  ])
  const count = (state: Check['state']) => checks.filter((check) => check.state === state).length
  const [warnings, failures] = [count('warning'), count('failed')]
  const summary =
    warnings + failures === 0
      ? `All ${checks.length} checks are ok.`
      : `${checks.length} checks: ${failures} failed, ${warnings} to look at.`
  return `${[...lines, '', summary].join('\n')}\n`
}
