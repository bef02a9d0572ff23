import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { readConfig } from '../config.ts'
import { errorCode, exitStatus, FatalError } from '../failure.ts'
import { describeError } from '../operate/log.ts'
import { wait } from '../operate/wait.ts'
import { type Reading, readingOf, screen, summaryLine } from './screen.ts'

const usage = 'usage is switchhook-bridge top --config FILE | --port N [--every SECONDS] [--once]'
/** The bridge answers within milliseconds, or hangs. */
const answerMsMax = 2_000
const everySecondsMax = 3_600

const clearBelow = '\x1b[J'
const home = '\x1b[H'
const clearLine = '\x1b[K'
const enterScreen = '\x1b[?1049h\x1b[?25l'
const leaveScreen = '\x1b[?25h\x1b[?1049l'

/** What the view is written to: standard output, or a terminal of a test. */
export interface Terminal {
  isTTY: boolean
  columns: number
  rows: number
  write(text: string): void
}

export interface TopOptions {
  port: number
  everyMs: number
  isOnce: boolean
}

/** Runs `switchhook-bridge top` until Ctrl-C, or once. Returns the exit status; throws FatalError if `--once` gets no answer. */
export async function runTop(args: string[]): Promise<number> {
  const options = await optionsOf(args)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort())
  const { stdout } = process
  // The reader of a pipe has gone away.
  stdout.on('error', () => stop.abort())
  const terminal: Terminal = {
    isTTY: stdout.isTTY === true,
    get columns() {
      return stdout.columns ?? 80
    },
    get rows() {
      return stdout.rows ?? 24
    },
    write: (text) => void stdout.write(text),
  }
  await watch(options, terminal, stop.signal)
  return 0
}

/** Shows the bridge again and again: redrawn in place on a terminal, else one line each time. */
export async function watch(options: TopOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  if (options.isOnce) {
    terminal.write(`${screen(await read(options.port, signal), undefined).join('\n')}\n`)
    return
  }
  if (terminal.isTTY) terminal.write(enterScreen)
  try {
    let before: Reading | undefined
    while (!signal.aborted) {
      const now = await read(options.port, signal).catch((error: unknown) => {
        if (error instanceof FatalError) return error
        throw error
      })
      if (signal.aborted) return
      if (terminal.isTTY)
        terminal.write(drawn(now instanceof FatalError ? [now.message] : screen(now, before), terminal))
      else terminal.write(`${now instanceof FatalError ? now.message : summaryLine(now, before)}\n`)
      before = now instanceof FatalError ? undefined : now
      await wait(options.everyMs, signal)
    }
  } finally {
    if (terminal.isTTY) terminal.write(leaveScreen)
  }
}

/** Overwrites the screen line by line, without a flicker. Lines are cut to its width, and the last to its height. */
function drawn(lines: readonly string[], { columns, rows }: Terminal): string {
  const fits = lines.length <= rows ? lines : [...lines.slice(0, Math.max(1, rows - 1)), '…']
  return `${home}${fits.map((line) => `${[...line].slice(0, columns).join('')}${clearLine}`).join('\r\n')}${clearBelow}`
}

async function read(port: number, signal: AbortSignal): Promise<Reading> {
  const base = `http://127.0.0.1:${port}`
  try {
    const ask = (path: string) =>
      fetch(`${base}${path}`, { signal: AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]) })
    const [health, metrics] = await Promise.all([ask('/healthz'), ask('/metrics')])
    return readingOf(Date.now(), await health.json(), metrics.ok ? await metrics.text() : '')
  } catch (cause) {
    const isOther = v.isValiError(cause) || cause instanceof SyntaxError
    const why = isOther ? 'another program answers' : errorCode(cause) || describeError(cause)
    const sentence = `no bridge answers at ${base} (${why}): start the bridge, or correct health.port`
    throw new FatalError('bridge-unreachable', exitStatus.unavailable, sentence, { cause })
  }
}

async function optionsOf(args: string[]): Promise<TopOptions> {
  const fail = (cause?: unknown) => new FatalError('usage', exitStatus.usage, usage, { cause })
  const text = { type: 'string' } as const
  const options = {
    config: text,
    port: text,
    every: { ...text, default: '2' },
    once: { type: 'boolean', default: false },
  } as const
  const values = (() => {
    try {
      return parseArgs({ args, options }).values
    } catch (cause) {
      throw fail(cause)
    }
  })()
  const every = Number(values.every)
  if (!(every > 0 && every <= everySecondsMax) || (values.config === undefined) === (values.port === undefined))
    throw fail()
  const port = values.port === undefined ? await portOf(values.config ?? '') : Number(values.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw fail()
  return { port, everyMs: every * 1000, isOnce: values.once }
}

async function portOf(file: string): Promise<number> {
  const { health } = await readConfig(file)
  if (health && health.port !== 0) return health.port
  const sentence = `the configuration ${file} has no health.port: add "health": { "port": 8921 } and restart the bridge, or pass --port`
  throw new FatalError('health-port-missing', exitStatus.config, sentence)
}
