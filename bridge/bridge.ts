import { randomUUID } from 'node:crypto'
import type { AriLink } from './asterisk/ari-connection.ts'
import { AriListener } from './asterisk/ari-listener.ts'
import { AriRest } from './asterisk/ari-rest.ts'
import { diallingLink } from './asterisk/ari-socket.ts'
import { Commands } from './commands/commands.ts'
import { VerifyDays } from './commands/verify-day.ts'
import type { BridgeConfig } from './config.ts'
import { exitStatus, FatalError } from './failure.ts'
import { join } from './join.ts'
import { createMenuRunner } from './menus/menu-runner.ts'
import { realClock } from './operate/clock.ts'
import { Counters } from './operate/counters.ts'
import { type Health, serveHealth } from './operate/health.ts'
import { describeError, type Log } from './operate/log.ts'
import { openEdges } from './parts.ts'
import { PhoneSettings } from './phone-settings.ts'
import { realDisk } from './spool/disk.ts'

/** How long facts that wait may still be sent when the bridge stops; the rest stays in the spool. */
const drainMsMax = 5000
const housekeepingMs = 1000

export interface Bridge extends AsyncDisposable {
  health(): Health
  /** Port of `/healthz`, if the configuration asked for one. */
  readonly healthPort: number | undefined
  /** Rejects with FatalError if the bridge has to end by itself; resolves once it is stopped. */
  readonly done: Promise<void>
  stop(): Promise<void>
}

/** Starts a bridge in this process; resolves once it is connected to its PBX. Throws FatalError with a sentence to show. */
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
  const first = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  // Whoever starts the bridge may look at these late; a failure until then is no unhandled one.
  for (const { promise } of [first, ended]) promise.catch(() => undefined)
  const fail = (error: unknown) => {
    const failure = error instanceof FatalError ? error : broken(error)
    first.reject(failure)
    ended.reject(failure)
    intakeStop.abort()
    sendStop.abort()
  }

  const operation = { counters: new Counters(), log }
  const edges = await openEdges(config, operation, undo)
  const { site, stateFolder, ari, ami } = config
  const menus = config.menus && (await createMenuRunner(config.menus, config, operation))
  // Before all else: callers whom an earlier process left in a menu hear a waiting sound until then.
  const menusTask = menus?.run(intakeStop.signal).catch(fail)
  const outside = { ari, ami, link: await linkOf(ari, undo), disk: realDisk, clock: realClock, zone: config.cdr.zone }
  const parts = await join({ site, stateFolder, run: randomUUID(), ...outside }, edges, operation, fail)
  const { intake, lanes, cdrLane, spool, keepHouse, health } = parts
  const { cdr } = config
  const day = { site, cdrFile: cdr.file, zone: cdr.zone, to: edges.records, ...edges, ...operation }
  const commands = new Commands({
    ...config,
    ...operation,
    days: new VerifyDays(day),
    placed: parts.placed,
    presence: parts.presence,
    setPace: (paceMs) => parts.lanes.live.setPace(paceMs),
    deploymentPublicKey: config.deploymentPublicKey,
    credentials: edges.credentials,
    queueUrl: () => edges.session?.commandQueue ?? config.queues.commands,
  })
  const settings = new PhoneSettings({
    ...operation,
    requests: new AriRest(ari.url, ari),
    known: parts.presence,
    clock: realClock,
  })
  await commands.open(Date.now())
  undo.defer(() => commands.stop())
  const intakeTask = intake.run(intakeStop.signal, first.resolve).catch(fail)
  // Not before Asterisk was reached: what an earlier process began is looked for first.
  const commandsTask = first.promise.then(
    () => commands.run(intakeStop.signal).catch(fail),
    () => undefined,
  )
  const mailboxTask = first.promise.then(
    () => parts.mailboxes?.run(intakeStop.signal).catch(fail),
    () => undefined,
  )
  const sendTasks = [lanes.run(sendStop.signal).catch(fail), cdrLane.run(sendStop.signal).catch(fail)]
  const housekeeping = setInterval(() => {
    keepHouse().catch(fail)
    commands.tick(Date.now()).catch(fail)
    settings.keepHouse(intakeStop.signal).catch(fail)
  }, housekeepingMs)
  const shutDown = async () => {
    intakeStop.abort()
    await Promise.all([intakeTask, menusTask])
    // Stopped before Asterisk was reached, the commands still wait for that.
    first.resolve()
    await Promise.all([commandsTask, mailboxTask])
    clearInterval(housekeeping)
    await lanes.live.drained(AbortSignal.any([sendStop.signal, AbortSignal.timeout(drainMsMax)]))
    sendStop.abort()
    await Promise.all(sendTasks)
    await spool.close()
    await undo.disposeAsync()
    ended.resolve()
    log.info('bridge stopped', { unsent: spool.unacked })
  }
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= shutDown()
    return stopping
  }

  try {
    const server = config.health && (await serveHealth(config.health.port, health))
    if (server) undo.defer(() => server.stop())
    await first.promise
    return { health, healthPort: server?.port, done: ended.promise, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function linkOf(ari: BridgeConfig['ari'], undo: AsyncDisposableStack): Promise<AriLink> {
  if (!ari.listen) return diallingLink(ari)
  const { user, password } = ari
  const listener = new AriListener({ user, password, ...ari.listen })
  await listener.start()
  undo.defer(() => listener.stop())
  return listener
}

function broken(cause: unknown): FatalError {
  const sentence = `the bridge cannot go on (${describeError(cause)}): see its log; nothing acknowledged is lost, start it again`
  return new FatalError('bridge-broken', exitStatus.ioError, sentence, { cause })
}
