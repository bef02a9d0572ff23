import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { runEnroll } from './enrolment/enroll.ts'
import { exitStatus, FatalError } from './failure.ts'
import { startBridge } from './lifecycle.ts'
import { createLog, describeError } from './operate/log.ts'
import { runQuarantine } from './quarantine-command.ts'

/**
 * Runs `switchhook-bridge --config FILE`, or before it once `switchhook-bridge enroll CODE --api URL --folder DIR`, or beside it
 * `switchhook-bridge quarantine list|retry --config FILE`. Logs to standard output. On failure it prints one sentence on standard error and exits with a status of sysexits.h.
 */
async function main(): Promise<void> {
  if (process.argv[2] === 'enroll') return runEnroll(process.argv.slice(3))
  if (process.argv[2] === 'quarantine') {
    process.exitCode = await runQuarantine(process.argv.slice(3))
    return
  }
  const config = await readConfig(configFile())
  // The reader of the log has gone away: the bridge continues without it.
  process.stdout.on('error', () => undefined)
  const log = createLog({ level: config.logLevel, write: (line) => process.stdout.write(line) })
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

function configFile(): string {
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' } } })
    if (values.config !== undefined) return values.config
  } catch (cause) {
    throw new FatalError('usage', exitStatus.usage, `${describeError(cause)}: usage is switchhook-bridge --config FILE`)
  }
  throw new FatalError(
    'usage',
    exitStatus.usage,
    'no configuration file was given: usage is switchhook-bridge --config FILE',
  )
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    const failure = error instanceof FatalError ? error : undefined
    process.stderr.write(`switchhook-bridge: ${failure ? failure.message : describeError(error)}\n`)
    process.exit(failure?.exitStatus ?? exitStatus.software)
  },
)
