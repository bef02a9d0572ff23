import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { until } from './until.ts'

/** `npm start -- ARGS` as a process of its own, with what it printed. */
export interface StartCommand extends AsyncDisposable {
  output(): string
  /** Resolves once the text was printed; fails if the command ends before. */
  untilSaid(text: string, msMax?: number): Promise<void>
  /** Ctrl-C; resolves with the exit status. */
  interrupt(): Promise<number | null>
  ended: Promise<number | null>
}

export function runStart(
  args: string[],
  { nodeArgs = [], env = {} }: { nodeArgs?: string[]; env?: NodeJS.ProcessEnv } = {},
): StartCommand {
  const command = [...nodeArgs, 'infra/launch.mjs', 'infra/start/main.ts', ...args]
  // A group of its own, so that an interrupt reaches what a terminal's Ctrl-C would.
  const child: ChildProcess = spawn(process.execPath, command, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
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
    untilSaid: async (text, msMax = 60_000) => {
      await until(`"${text}"`, async () => output.includes(text) || !running(), msMax)
      if (!output.includes(text)) throw new Error(`it ended before it said "${text}":\n${output}`)
    },
    [Symbol.asyncDispose]: async () => {
      await interrupt()
    },
  }
}

/** Command lines of running processes that speak of a folder. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch (error) {
        // It ended while the list was read.
        if (error instanceof Error) return ''
        throw error
      }
    })
    .filter((line) => line.includes(folder))
}
