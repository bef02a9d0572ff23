import { execFile } from 'node:child_process'

/** What a finished child said. `code` is null when it was ended by a signal or by its time limit. */
export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly cwd?: string
  /** Set on top of this process's own environment. */
  readonly variables?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** A child's words beyond this are an error, not an answer: the longest real one, 160 package lines, is 40 KB. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024

/**
 * Runs a program to its end, its messages in English. A non-zero exit is a result, not an error.
 *
 * @throws an Error whose `code` is `ENOENT` if the program does not exist, and the reason of `signal` once it aborts.
 */
export function runCommand(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const { cwd, variables = {}, timeoutMs, signal } = options
  const assigned = Object.entries({ LC_ALL: 'C', ...variables }).map(([name, value]) => `${name}=${value}`)
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    // env(1) sets the variables, so that no module but config.ts ever reads the process's environment.
    const child = execFile(
      '/usr/bin/env',
      [...assigned, file, ...args],
      { cwd, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES_MAX },
      (error, stdout, stderr) => {
        signal?.removeEventListener('abort', abort)
        if (signal?.aborted) return reject(signal.reason)
        if (!error) return resolve({ code: 0, stdout, stderr })
        // env(1) answers 127 for a program it cannot find.
        if (error.code === 127) return reject(Object.assign(new Error(`${file} not found`), { code: 'ENOENT' }))
        if (typeof error.code === 'number') return resolve({ code: error.code, stdout, stderr })
        if (error.killed) return resolve({ code: null, stdout, stderr: `${stderr}\n${file} took over ${timeoutMs} ms` })
        reject(error)
      },
    )
    // SIGTERM, so that apt ends its own children; the call settles only when the child has gone.
    const abort = () => child.kill('SIGTERM')
    signal?.addEventListener('abort', abort, { once: true })
  })
}
