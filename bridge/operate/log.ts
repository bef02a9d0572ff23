import type { LogEvent } from './log-catalogue.ts'

/** Structured log: one JSON object per line. Never log a phone number or a secret at `info` or above. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>
export type Log = Readonly<Record<LogLevel, (event: LogEvent, fields?: LogFields) => void>>

export interface LogOptions {
  /** A function where the level may change while the process runs. */
  level: LogLevel | (() => LogLevel)
  write(line: string): void
  now?: () => Date
}

export function createLog({ level, write, now = () => new Date() }: LogOptions): Log {
  const threshold = () => logLevels.indexOf(typeof level === 'function' ? level() : level)
  const at =
    (name: LogLevel) =>
    (event: LogEvent, fields: LogFields = {}) => {
      if (logLevels.indexOf(name) < threshold()) return
      write(`${JSON.stringify({ time: now().toISOString(), level: name, event, ...fields })}\n`)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Returns the message of an error and of its cause, for a log field. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message}${cause}`
}
