import { execFile } from 'node:child_process'
import { ProgramMissingError } from '../errors.ts'

/** The result of a process that ended. `code` is null after a signal or the time limit. */
export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly cwd?: string
  /** Added to the environment of this process. */
  readonly variables?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Limit on the output; the longest expected one, 160 lines of packages, has 40 KB. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024

/**
 * Runs a program with messages in English and waits for its end. A non-zero exit is a result, not an error.
 *
 * @throws ProgramMissingError, whose `code` is `ENOENT`; the reason of `signal` after it aborts
 */
export function runCommand(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const { cwd, variables = {}, timeoutMs, signal } = options
  const assigned = Object.entries({ LC_ALL: 'C', ...variables }).map(([name, value]) => `${name}=${value}`)
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    // env(1) sets the variables, so that this module does not read the environment of the process.
    const child = execFile(
      '/usr/bin/env',
      [...assigned, file, ...args],
      { cwd, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES_MAX },
      (error, stdout, stderr) => {
        signal?.removeEventListener('abort', abort)
        if (signal?.aborted) return reject(signal.reason)
        if (!error) return resolve({ code: 0, stdout, stderr })
        // env(1) exits with 127 if it does not find the program.
        if (error.code === 127) return reject(new ProgramMissingError(file))
        if (typeof error.code === 'number') return resolve({ code: error.code, stdout, stderr })
        if (error.killed) return resolve({ code: null, stdout, stderr: `${stderr}\n${file} took over ${timeoutMs} ms` })
        reject(error)
      },
    )
    // SIGTERM lets apt end its own children; the promise settles when the process has ended.
    const abort = () => child.kill('SIGTERM')
    signal?.addEventListener('abort', abort, { once: true })
  })
}
