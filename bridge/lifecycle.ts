import { type BridgeProcess, createBridge } from './bridge.ts'
import type { BridgeConfig } from './config.ts'
import { openConnections } from './connections.ts'
import { exitStatus, FatalError } from './failure.ts'
import { createMenuRunner } from './menus/menu-runner.ts'
import { realClock } from './operate/clock.ts'
import { Counters } from './operate/counters.ts'
import { type Health, serveHealth } from './operate/health.ts'
import { describeError, type Log } from './operate/log.ts'
import { Durations } from './operate/metrics/durations.ts'

/** How long a stopping bridge still sends facts that wait; the rest stays in the spool. */
const drainMsMax = 5000
const tickMs = 1000

export interface Bridge extends AsyncDisposable {
  health(): Health
  /** Port of `/healthz`, if the configuration asks for one. */
  readonly healthPort: number | undefined
  /** Rejects with FatalError if the bridge cannot continue; resolves once it has stopped. */
  readonly done: Promise<void>
  stop(): Promise<void>
}

/**
 * Starts a bridge in this process. Resolves once it is connected to its PBX, or once it has found that the PBX is down: then it reports
 * that, and connects when the PBX is back. Throws FatalError.
 */
export async function startBridge(config: BridgeConfig, { log }: { log: Log }): Promise<Bridge> {
  const undo = new AsyncDisposableStack()
  try {
    return await start(config, log, undo)
  } catch (error) {
    await undo.disposeAsync()
    throw error
  }
}

async function start(config: BridgeConfig, log: Log, undo: AsyncDisposableStack): Promise<Bridge> {
  const intakeStop = new AbortController()
  const sendStop = new AbortController()
  const connected = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  // The caller may await these late: a rejection until then is not an unhandled one.
  for (const { promise } of [connected, started, done]) promise.catch(() => undefined)
  const fail = (error: unknown) => {
    const failure = error instanceof FatalError ? error : broken(error)
    connected.reject(failure)
    started.reject(failure)
    done.reject(failure)
    intakeStop.abort()
    sendStop.abort()
  }

  const operation = { counters: new Counters(), log, durations: new Durations(realClock) }
  const connections = await openConnections(config, operation, undo)
  const menus = config.menus && (await createMenuRunner(config.menus, config, operation))
  // Before the rest: callers that an earlier process left in a menu hear a waiting sound until a menu takes them.
  const menusTask = menus?.run(intakeStop.signal).catch(fail)
  const bridge = await createBridge(config, connections, operation, undo, fail)
  if (menus) bridge.bridgeHealth.components.add('menus', () => menus.state)
  const signals = { intake: intakeStop.signal, send: sendStop.signal }
  const cloudNowMs = () => connections.cloudClock?.nowMs() ?? Date.now()
  const tasks = await run(bridge, signals, { connected, started }, fail, cloudNowMs)
  const shutDown = async () => {
    intakeStop.abort()
    await Promise.all([tasks.intake, menusTask])
    // Commands and mailboxes wait for the first connection, which may never have come.
    connected.resolve()
    await tasks.afterConnection
    clearInterval(tasks.ticks)
    await bridge.lanes.live.drained(AbortSignal.any([sendStop.signal, AbortSignal.timeout(drainMsMax)]))
    sendStop.abort()
    await tasks.send
    await bridge.spool.close()
    await undo.disposeAsync()
    done.resolve()
    log.info('bridge stopped', { unsent: bridge.spool.unacked })
  }
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= shutDown()
    return stopping
  }

  try {
    const server = config.health && (await serveHealth(config.health.port, bridge.bridgeHealth))
    if (server) undo.defer(() => server.stop())
    await started.promise
    return {
      health: () => bridge.bridgeHealth.health(),
      healthPort: server?.port,
      done: done.promise,
      stop,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts every loop of a bridge. */
async function run(
  bridge: BridgeProcess,
  signals: { intake: AbortSignal; send: AbortSignal },
  { connected, started }: Record<'connected' | 'started', PromiseWithResolvers<void>>,
  fail: (error: unknown) => void,
  cloudNowMs: () => number,
) {
  const { intake, commands, mailboxes, queues, security, settings, lanes, cdrLane } = bridge
  await commands.open(cloudNowMs())
  const onConnected = () => {
    connected.resolve()
    started.resolve()
  }
  // Commands start after the first connection, which finds the calls that an earlier process placed.
  const onceConnected = (task: () => Promise<void> | undefined) =>
    connected.promise.then(
      () => task()?.catch(fail),
      () => undefined,
    )
  const ticks = setInterval(() => {
    bridge.tick().catch(fail)
    commands.tick(realClock.monotonicMs()).catch(fail)
    settings.tick(signals.intake).catch(fail)
  }, tickMs)
  return {
    ticks,
    intake: intake.run(signals.intake, onConnected, started.resolve).catch(fail),
    afterConnection: Promise.all([
      onceConnected(() => commands.run(signals.intake)),
      onceConnected(() => mailboxes?.run(signals.intake)),
      onceConnected(() => queues?.run(signals.intake)),
      onceConnected(() => security?.run(signals.intake)),
    ]),
    send: Promise.all([lanes.run(signals.send).catch(fail), cdrLane.run(signals.send).catch(fail)]),
  }
}

function broken(cause: unknown): FatalError {
  const sentence = `the bridge cannot continue (${describeError(cause)}): see its log, then start it again; nothing that SQS acknowledged is lost`
  return new FatalError('bridge-broken', exitStatus.ioError, sentence, { cause })
}
