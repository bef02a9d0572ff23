import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { until } from './until.ts'

/** A running `npm start -- ARGS` and its output. */
export interface StartCommand extends AsyncDisposable {
  output(): string
  /** Resolves when the command has printed the text; rejects if the command ends first. */
  untilSaid(text: string, msMax?: number): Promise<void>
  /** Sends SIGINT, like Ctrl-C; resolves with the exit status. */
  interrupt(): Promise<number | null>
  /** Kills the command alone with a signal that it cannot handle, or its npm if it runs under one. */
  kill(): Promise<unknown>
  ended: Promise<number | null>
}

/** Stands for npm, which runs the command as its child: an own process that a signal 9 ends without a word. */
const asNpm = `const { spawn } = require('node:child_process')
spawn(process.execPath, process.argv.slice(1), { stdio: 'inherit' }).on('exit', (status) => process.exit(status ?? 1))`

export function runStart(
  args: string[],
  {
    nodeArgs = [],
    env = {},
    underNpm = false,
  }: { nodeArgs?: string[]; env?: NodeJS.ProcessEnv; underNpm?: boolean } = {},
): StartCommand {
  const own = [...nodeArgs, 'infra/launch.mjs', 'infra/start/main.ts', ...args]
  const command = underNpm ? ['-e', asNpm, '--', ...own] : own
  // Its own process group: interrupt() signals the whole group, as Ctrl-C in a terminal does.
  const child: ChildProcess = spawn(process.execPath, command, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(underNpm && { npm_lifecycle_event: 'start' }), ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
  }
  const ended = once(child, 'close').then(([status]: (number | null)[]) => status ?? null)
  const running = () => child.exitCode === null && child.signalCode === null
  const interrupt = async () => {
    if (running() && child.pid) process.kill(-child.pid, 'SIGINT')
    return ended
  }
  return {
    output: () => output,
    ended,
    interrupt,
    kill: async () => {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      return exit
    },
    untilSaid: async (text, msMax = 60_000) => {
      await until(`"${text}"`, async () => output.includes(text) || !running(), msMax)
      if (!output.includes(text)) throw new Error(`it ended before it said "${text}":\n${output}`)
    },
    [Symbol.asyncDispose]: async () => {
      await interrupt()
    },
  }
}

/** Returns the command lines of running processes that contain a folder's path. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch (error) {
        // The process ended while the list was read.
        if (error instanceof Error) return ''
        throw error
      }
    })
    .filter((line) => line.includes(folder))
}
