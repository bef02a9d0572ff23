import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { CdrCheckpoint } from './asterisk/cdr-checkpoint.ts'
import { CdrFile } from './asterisk/cdr-file.ts'
import { AriIntake } from './asterisk/intake.ts'
import type { BridgeConfig } from './config.ts'
import { CannotRun, exitStatus } from './failure.ts'
import { CdrLane } from './forward/cdr-lane.ts'
import { Delivery } from './forward/delivery.ts'
import { FactLog } from './forward/fact-log.ts'
import { Lanes } from './forward/lanes.ts'
import { Packer } from './forward/pack.ts'
import { probeQueues, Sender } from './forward/sender.ts'
import { readSigningKey } from './forward/signing-key.ts'
import { Counters } from './operate/counters.ts'
import { type Health, serveHealth } from './operate/health.ts'
import { lockFolder } from './operate/lock.ts'
import { describeError, type Log } from './operate/log.ts'
import { Presence } from './presence.ts'
import { takeEpoch } from './spool/epoch-file.ts'
import { HeardFile } from './spool/heard-file.ts'
import { Quarantine } from './spool/quarantine.ts'
import { Spool } from './spool/spool.ts'
import { prepareStateFolder } from './state-folder.ts'

/** How long facts that wait may still be sent when the bridge stops; the rest stays in the spool. */
const drainMsMax = 5000
const housekeepingMs = 1000
/** After a crash the gap is told to begin up to this much too early. An fsync each 5 s wears no disk. */
const heardSaveMs = 5000

export interface Bridge extends AsyncDisposable {
  health(): Health
  /** Port of `/healthz`, if the configuration asked for one. */
  readonly healthPort: number | undefined
  /** Rejects with CannotRun if the bridge has to end by itself; resolves once it is stopped. */
  readonly done: Promise<void>
  stop(): Promise<void>
}

/** Starts a bridge in this process; resolves once it is connected to its PBX. Throws CannotRun with a sentence to show. */
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
  const parts = await openParts(config, log, undo)
  const { spool, lanes, cdrLane, intake, presence } = parts
  const intakeStop = new AbortController()
  const sendStop = new AbortController()
  const first = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  // Whoever starts the bridge may look at `done` late; a failure until then is no unhandled one.
  ended.promise.catch(() => undefined)

  const fail = (error: unknown) => {
    const failure = error instanceof CannotRun ? error : broken(error)
    first.reject(failure)
    ended.reject(failure)
    intakeStop.abort()
    sendStop.abort()
  }
  parts.onSpoolBroken(fail)
  const intakeTask = intake.run(intakeStop.signal, first.resolve).catch(fail)
  const sendTasks = [lanes.run(sendStop.signal).catch(fail), cdrLane.run(sendStop.signal).catch(fail)]
  const housekeeping = setInterval(() => parts.keepHouse().catch(fail), housekeepingMs)

  const shutDown = async () => {
    intakeStop.abort()
    await intakeTask
    clearInterval(housekeeping)
    await parts.keepHouse().catch(fail)
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
  const health = () => parts.health(presence.isConnected)
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

function broken(cause: unknown): CannotRun {
  const sentence = `the bridge cannot go on (${describeError(cause)}): see its log; nothing acknowledged is lost, start it again`
  return new CannotRun('bridge-broken', exitStatus.ioError, sentence, { cause })
}

/** Opens everything that has state, in the order in which it can fail, and joins it. */
async function openParts(config: BridgeConfig, log: Log, undo: AsyncDisposableStack) {
  const { site, stateFolder } = config
  const counters = new Counters()
  const onCount = (errorId: string) => counters.add(errorId)
  const sign = await readSigningKey(config.key.privateKeyFile)
  await prepareStateFolder(stateFolder)
  const lock = await lockFolder(stateFolder)
  undo.defer(() => lock.release())
  const file = new CdrFile({ path: config.cdr.file, checkpoint: new CdrCheckpoint(stateFolder), onCount })
  await file.open()
  undo.defer(() => file.close())
  const sender = new Sender(config.region)
  undo.defer(() => sender.stop())
  await probeQueues(sender, config.queues, log)

  const quarantine = new Quarantine(join(stateFolder, 'quarantine'))
  await quarantine.open()
  const delivery = new Delivery({ sender, quarantine, counters, log })
  const packer = new Packer({ site, key: config.key.id, sign })
  const live = { lane: 'live', queueUrl: config.queues.live } as const
  const records = { lane: 'records', queueUrl: config.queues.records } as const

  let onBroken: (error: unknown) => void = (error) => log.error('spool broken', { reason: describeError(error) })
  const spool: Spool = new Spool({
    folder: join(stateFolder, 'spool'),
    onDurable: (durable) => lanes.offer(durable),
    onBroken: (error) => onBroken(error),
    onCount,
  })
  const recovered = await spool.open()
  for (const bytes of recovered.damaged) await quarantine.put('spool', bytes)
  if (recovered.damaged.length > 0) counters.add('spool-damaged', recovered.damaged.length)
  if (recovered.tornBytes > 0) counters.add('spool-torn')
  log.info('spool open', { unsent: recovered.next - recovered.acked, tornBytes: recovered.tornBytes })

  const heard = new HeardFile(stateFolder)
  let heardSavedMs = 0
  const saveHeard = async () => {
    heardSavedMs = Date.now()
    await heard.save(heardSavedMs).catch(() => onCount('heard-unsaved'))
  }
  const presence = new Presence({
    site,
    run: randomUUID(),
    facts: new FactLog(site, spool),
    counters,
    log,
    takeEpoch: () => takeEpoch(stateFolder, Date.now()),
    heardBeforeMs: await heard.load(),
    nowMs: Date.now,
  })
  const lanes: Lanes = new Lanes(
    {
      live,
      records,
      packer,
      delivery,
      spool,
      heartbeat: () => presence.heartbeat(),
      onLateDrained: (touched) => presence.assertAnew(touched),
      now: Date.now,
    },
    recovered,
  )
  const intake = new AriIntake({
    ari: config.ari,
    counters,
    quarantine,
    log,
    async onConnected(snapshot, takeBuffered, reason) {
      await saveHeard()
      await presence.connected(snapshot, takeBuffered, reason)
    },
    onEvent: (event) => presence.event(event),
    onDisconnected: (lastHeardMs) => presence.disconnected(lastHeardMs),
  })
  return {
    spool,
    lanes,
    intake,
    presence,
    cdrLane: new CdrLane({ site, to: records, file, packer, delivery, quarantine, counters, log }),
    onSpoolBroken(handler: (error: unknown) => void) {
      onBroken = handler
    },
    async keepHouse() {
      presence.makeGood()
      if (presence.isConnected && Date.now() - heardSavedMs >= heardSaveMs) await saveHeard()
    },
    health: (isConnected: boolean): Health => {
      const components = {
        ari: { status: isConnected ? ('up' as const) : ('down' as const) },
        spool: {
          status: spool.hasRoom(1) ? ('up' as const) : ('down' as const),
          bytes: spool.bytes,
          unsent: spool.unacked,
        },
        live: { status: delivery.isUp('live') ? ('up' as const) : ('down' as const), queued: lanes.live.queued },
        records: { status: delivery.isUp('records') ? ('up' as const) : ('down' as const), queued: lanes.late.queued },
      }
      const isUp = Object.values(components).every(({ status }) => status === 'up')
      return { status: isUp ? 'up' : 'down', site, components, counters: counters.snapshot() }
    },
  }
}
