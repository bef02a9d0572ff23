import { type BridgeConfig, readConfig } from './config.ts'
import { FatalError } from './failure.ts'
import type { Log, LogLevel } from './operate/log.ts'

/** What holds from now on after SIGHUP; every other key needs a restart. */
export interface Running {
  readonly config: BridgeConfig
  setLogLevel(level: LogLevel): void
}

/**
 * Reads the configuration again, as SIGHUP asks: applies the log level, and logs the names of the other keys that differ from the
 * running configuration. A configuration that cannot be read changes nothing.
 */
export async function reloadConfig(file: string, { config, setLogLevel }: Running, log: Log): Promise<void> {
  let fresh: BridgeConfig
  try {
    fresh = await readConfig(file)
  } catch (error) {
    if (!(error instanceof FatalError)) throw error
    log.error('configuration not reloaded', { errorId: error.errorId, reason: error.message })
    return
  }
  const { logLevel, ...rest } = fresh
  setLogLevel(logLevel)
  const { logLevel: _running, ...before } = config
  const waiting = differingKeys(before, rest)
  log.info('configuration reloaded', { logLevel })
  if (waiting.length > 0) log.warn('configuration needs a restart', { keys: waiting.join(', ') })
}

/** The dotted names of the keys whose values differ. A value is never returned: it may be a password. */
export function differingKeys(before: unknown, after: unknown, path = ''): string[] {
  if (!isObject(before) || !isObject(after)) return JSON.stringify(before) === JSON.stringify(after) ? [] : [path]
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap((name) => differingKeys(before[name], after[name], path === '' ? name : `${path}.${name}`))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
