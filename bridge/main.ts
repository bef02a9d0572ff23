import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { runEnroll } from './enrolment/enroll.ts'
import { exitStatus, FatalError } from './failure.ts'
import { startBridge } from './lifecycle.ts'
import { createLog, describeError } from './operate/log.ts'

/** `switchhook-bridge --config FILE`, or once before it `switchhook-bridge enroll CODE --api URL --folder DIR`. Logs to standard output; a failure is one sentence on standard error and a status of sysexits.h. */
async function main(): Promise<void> {
  if (process.argv[2] === 'enroll') return runEnroll(process.argv.slice(3))
  const config = await readConfig(configFile())
  // Whoever read the log has gone: the bridge has more to do than to tell of it.
  process.stdout.on('error', () => undefined)
  const log = createLog({ level: config.logLevel, write: (line) => process.stdout.write(line) })
  const asked = Promise.withResolvers<string>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => asked.resolve(signal))
  const starting = startBridge(config, { log })
  const bridge = await Promise.race([starting, asked.promise.then(() => undefined)])
  // Stopped before it stood: nothing was promised to anyone yet.
  if (!bridge) return
  try {
    await Promise.race([bridge.done, asked.promise])
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
    'no configuration was named: usage is switchhook-bridge --config FILE',
  )
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const failure = error instanceof FatalError ? error : undefined
    process.stderr.write(`switchhook-bridge: ${failure ? failure.message : describeError(error)}\n`)
    process.exit(failure?.exitStatus ?? exitStatus.software)
  },
)
