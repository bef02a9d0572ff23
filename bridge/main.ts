import { parseArgs } from 'node:util'
import { readConfig, withoutSecrets } from './config.ts'
import { exitStatus, FatalError } from './failure.ts'
import { startBridge } from './lifecycle.ts'
import { createLog, describeError, type LogLevel } from './operate/log.ts'
import { programVersion } from './operate/program-version.ts'
import { reloadConfig } from './reload-config.ts'
import { help, usageFault } from './usage.ts'

/** Commands that return their exit status. Each is loaded when it is called: a running bridge needs none of them in memory. */
const commands: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  check: async (args) => (await import('./check/command.ts')).runCheck(args),
  quarantine: async (args) => (await import('./quarantine-command.ts')).runQuarantine(args),
  setup: async (args) => (await import('./setup/command.ts')).runSetup(args),
  top: async (args) => (await import('./top/command.ts')).runTop(args),
}

/**
 * Runs `switchhook-bridge`; `bridge/usage.ts` has its commands. A running bridge logs to standard output. On failure it prints one
 * sentence on standard error and exits with a status of sysexits.h.
 */
async function main(): Promise<void> {
  const [command, ...args] = process.argv.slice(2)
  if (command === 'enroll') return (await import('./enrolment/enroll.ts')).runEnroll(args)
  const run = command !== undefined && Object.hasOwn(commands, command) ? commands[command] : undefined
  if (run) {
    process.exitCode = await run(args)
    return
  }
  const options = optionsOf()
  if (options.help) return print(help)
  if (options.version) return print(`${programVersion}\n`)
  if (options.config === undefined)
    throw new FatalError('usage', exitStatus.usage, 'no configuration file was given: see switchhook-bridge --help')
  const config = await readConfig(options.config)
  if (options['print-config']) return print(`${JSON.stringify(withoutSecrets(config), null, 2)}\n`)
  // The reader of the log has gone away: the bridge continues without it.
  process.stdout.on('error', () => undefined)
  let level = config.logLevel
  const log = createLog({ level: () => level, write: (line) => process.stdout.write(line) })
  const setLogLevel = (fresh: LogLevel) => {
    level = fresh
  }
  const { config: file } = options
  process.on('SIGHUP', () =>
    reloadConfig(file, { config, setLogLevel }, log).catch((error) =>
      log.error('configuration not reloaded', { reason: describeError(error) }),
    ),
  )
  const stopRequested = Promise.withResolvers<string>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopRequested.resolve(signal))
  const starting = startBridge(config, { log })
  const bridge = await Promise.race([starting, stopRequested.promise.then(() => undefined)])
  // Stopped before it was connected: there is nothing to send or save.
  if (!bridge) return
  try {
    await Promise.race([bridge.done, stopRequested.promise])
  } finally {
    await bridge.stop()
  }
}

function optionsOf() {
  const flag = { type: 'boolean', default: false } as const
  const options = {
    config: { type: 'string' },
    help: { ...flag, short: 'h' },
    version: flag,
    'print-config': flag,
  } as const
  const { tokens } = parseArgs({ options, strict: false, tokens: true })
  for (const token of tokens) {
    const isUnknown = token.kind === 'positional' || (token.kind === 'option' && !Object.hasOwn(options, token.name))
    if (!isUnknown) continue
    const argument = token.kind === 'positional' ? token.value : token.rawName
    throw new FatalError('usage', exitStatus.usage, usageFault(argument))
  }
  try {
    return parseArgs({ options }).values
  } catch (cause) {
    throw new FatalError('usage', exitStatus.usage, `${describeError(cause)}: see switchhook-bridge --help`)
  }
}

function print(text: string): void {
  process.stdout.write(text)
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    const failure = error instanceof FatalError ? error : undefined
    process.stderr.write(`switchhook-bridge: ${failure ? failure.message : describeError(error)}\n`)
    process.exit(failure?.exitStatus ?? exitStatus.software)
  },
)
