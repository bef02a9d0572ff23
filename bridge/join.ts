import { randomUUID } from 'node:crypto'
import { join as joinPath } from 'node:path'
import { AriIntake } from './asterisk/intake.ts'
import { Commands } from './commands/commands.ts'
import type { BridgeConfig } from './config.ts'
import { CdrLane } from './forward/cdr-lane.ts'
import { FactLog } from './forward/fact-log.ts'
import { Lanes } from './forward/lanes.ts'
import { PlacedCalls } from './normalise/placed-calls.ts'
import { Counters } from './operate/counters.ts'
import type { Health } from './operate/health.ts'
import type { Log } from './operate/log.ts'
import { type Operation, openEdges, openSpool } from './parts.ts'
import { Presence } from './presence.ts'
import { takeEpoch } from './spool/epoch-file.ts'
import { HeardFile } from './spool/heard-file.ts'
import type { Spool } from './spool/spool.ts'

/** After a crash the gap is told to begin up to this much too early. An fsync each 5 s wears no disk. */
const heardSaveMs = 5000

/** A bridge that is put together and not yet running: the three loops, and what is asked of it meanwhile. */
export interface Joined {
  intake: AriIntake
  lanes: Lanes
  cdrLane: CdrLane
  commands: Commands
  spool: Spool
  /** To be called each second. */
  keepHouse(): Promise<void>
  health(): Health
}

/** Opens what has state and joins it: Asterisk to presence to spool to lanes, and the CDR file to its lane. */
export async function join(
  config: BridgeConfig,
  log: Log,
  undo: AsyncDisposableStack,
  onSpoolBroken: (error: unknown) => void,
): Promise<Joined> {
  const { site, stateFolder } = config
  const operation: Operation = { counters: new Counters(), log }
  const edges = await openEdges(config, operation, undo)
  const { spool, recovered } = await openSpool(
    {
      folder: joinPath(stateFolder, 'spool'),
      onDurable: (durable) => lanes.offer(durable),
      onBroken: onSpoolBroken,
    },
    edges.quarantine,
    operation,
  )
  const heard = await openHeard(stateFolder, operation)
  const placed = new PlacedCalls()
  const presence = new Presence({
    placed,
    ...operation,
    site,
    run: randomUUID(),
    facts: new FactLog(site, spool),
    takeEpoch: () => takeEpoch(stateFolder, Date.now()),
    heardBeforeMs: heard.beforeMs,
    nowMs: Date.now,
  })
  const lanes: Lanes = new Lanes(
    {
      ...edges,
      spool,
      heartbeat: () => presence.heartbeat(),
      onLateDrained: (touched) => presence.assertAnew(touched),
      now: Date.now,
    },
    recovered,
  )
  const intake = new AriIntake({
    ...operation,
    ari: config.ari,
    quarantine: edges.quarantine,
    async onConnected(snapshot, takeBuffered, reason) {
      await heard.save()
      await presence.connected(snapshot, takeBuffered, reason)
    },
    onEvent: (event) => presence.event(event),
    onDisconnected: (lastHeardMs) => presence.disconnected(lastHeardMs),
  })
  const commands = new Commands({
    ...config,
    ...operation,
    placed,
    presence,
    deploymentPublicKey: config.deploymentPublicKey,
    credentials: edges.session?.provide,
    queueUrl: () => edges.session?.commandQueue ?? config.queues.commands,
  })
  await commands.open(Date.now())
  undo.defer(() => commands.stop())
  return {
    intake,
    commands,
    lanes,
    spool,
    cdrLane: new CdrLane({ ...edges, ...operation, site, to: edges.records }),
    async keepHouse() {
      presence.makeGood()
      await commands.keepHouse(Date.now())
      if (presence.isConnected) await heard.saveNowAndThen()
    },
    health() {
      const isUp = {
        ari: presence.isConnected,
        spool: spool.hasRoom(1),
        live: edges.delivery.isUp('live'),
        records: edges.delivery.isUp('records'),
      }
      return {
        status: upOrDown(Object.values(isUp).every(Boolean)),
        site,
        components: {
          ari: { status: upOrDown(isUp.ari) },
          spool: { status: upOrDown(isUp.spool), bytes: spool.bytes, unsent: spool.unacked },
          live: { status: upOrDown(isUp.live), queued: lanes.live.queued },
          records: { status: upOrDown(isUp.records), queued: lanes.late.queued },
        },
        counters: operation.counters.snapshot(),
      }
    },
  }
}

function upOrDown(isUp: boolean): 'up' | 'down' {
  return isUp ? 'up' : 'down'
}

/** When the PBX was last heard, before this process and in it. */
async function openHeard(stateFolder: string, { counters }: Operation) {
  const file = new HeardFile(stateFolder)
  const beforeMs = await file.load()
  let savedMs = 0
  const save = async () => {
    savedMs = Date.now()
    // Without it the next gap is told to begin too early, which is no reason to stop.
    await file.save(savedMs).catch(() => counters.add('heard-unsaved'))
  }
  return {
    beforeMs,
    save,
    async saveNowAndThen() {
      if (Date.now() - savedMs >= heardSaveMs) await save()
    },
  }
}
