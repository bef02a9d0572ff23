import { join as joinPath } from 'node:path'
import type { SiteId } from '../contracts/names.ts'
import type { AmiAddress } from './asterisk/ami-connection.ts'
import type { AriLink } from './asterisk/ari-connection.ts'
import type { AriAddress } from './asterisk/ari-errors.ts'
import { AriIntake } from './asterisk/intake.ts'
import { MailboxWatch } from './asterisk/mailbox-watch.ts'
import { CdrLane } from './forward/cdr-lane.ts'
import { FactLog } from './forward/fact-log.ts'
import { Lanes } from './forward/lanes.ts'
import { Mailboxes } from './normalise/mailboxes.ts'
import { PlacedCalls } from './normalise/placed-calls.ts'
import type { Clock } from './operate/clock.ts'
import type { Health } from './operate/health.ts'
import { type Edges, type Operation, openSpool } from './parts.ts'
import { Presence } from './presence.ts'
import type { Disk } from './spool/disk.ts'
import type { Spool } from './spool/spool.ts'
import { LastSeenFile, takeEpoch } from './spool/state-files.ts'

/** After a crash the gap is told to begin up to this much too early. An fsync each 5 s wears no disk. */
const heardSaveMs = 5000

/** A bridge that is put together and not yet running: the three loops, and what is asked of it meanwhile. */
export interface Joined {
  intake: AriIntake
  mailboxes: MailboxWatch | undefined
  lanes: Lanes
  cdrLane: CdrLane
  spool: Spool
  presence: Presence
  placed: PlacedCalls
  /** To be called each second. */
  keepHouse(): Promise<void>
  health(): Health
}

/** What the parts stand on; a simulator puts its own under them. */
export interface Ground {
  site: SiteId
  stateFolder: string
  /** Of this process. */
  run: string
  ari: AriAddress
  link: AriLink
  /** Absent, messages that wait are not told. */
  ami?: AmiAddress | undefined
  disk: Disk
  clock: Clock
  spoolBytesMax?: number
  /** Of the times in a CSV file. */
  zone?: string | undefined
}

/** Opens what has state and joins it: Asterisk to presence to spool to lanes, and the CDR file to its lane. */
export async function join(
  ground: Ground,
  edges: Omit<Edges, 'session' | 'credentials'>,
  operation: Operation,
  onSpoolBroken: (error: unknown) => void,
): Promise<Joined> {
  const { site, stateFolder, disk, clock } = ground
  const { spool, recovered } = await openSpool(
    {
      folder: joinPath(stateFolder, 'spool'),
      disk,
      clock,
      ...(ground.spoolBytesMax !== undefined && { bytesMax: ground.spoolBytesMax }),
      onDurable: (durable) => lanes.offer(durable),
      onBroken: onSpoolBroken,
    },
    edges.quarantine,
    operation,
  )
  const heard = await openHeard(ground, operation)
  const placed = new PlacedCalls()
  const presence = new Presence({
    placed,
    ...operation,
    site,
    run: ground.run,
    facts: new FactLog(site, spool),
    takeEpoch: () => takeEpoch(stateFolder, clock.nowMs(), disk),
    heardBeforeMs: heard.beforeMs,
    nowMs: clock.nowMs,
  })
  const lanes: Lanes = new Lanes(
    {
      ...edges,
      clock,
      spool,
      heartbeat: () => presence.heartbeat(),
      onCount: (errorId, count) => operation.counters.add(errorId, count),
      onLateFactsSent: (touched, isEverything) => presence.assertAnew(touched, isEverything),
    },
    recovered,
  )
  const boxes = new Mailboxes()
  const tellMailboxes = (endpoints: string[]) => {
    for (const endpoint of endpoints) presence.mailbox(endpoint, boxes.of(endpoint))
  }
  const mailboxes =
    ground.ami &&
    new MailboxWatch({
      ...operation,
      address: ground.ami,
      clock,
      endpoints: () => presence.endpoints,
      onOwners: (owners) => tellMailboxes(boxes.setOwners(owners)),
      onCount: (mailbox, count) => tellMailboxes(boxes.setCount(mailbox, count)),
    })
  const intake = new AriIntake({
    ...operation,
    ari: ground.ari,
    link: ground.link,
    clock,
    quarantine: edges.quarantine,
    async onConnected(snapshot, takeBuffered, reason) {
      await heard.save()
      await presence.connected(snapshot, takeBuffered, reason)
      mailboxes?.refresh()
    },
    onEvent: (event) => presence.event(event),
    differences: (snapshot) => presence.differences(snapshot),
    onReplayed: (event) => presence.replayed(event),
    onDisconnected: (lastSeenMs) => presence.disconnected(lastSeenMs),
  })
  return {
    intake,
    mailboxes,
    lanes,
    spool,
    presence,
    placed,
    cdrLane: new CdrLane({ ...edges, ...operation, clock, zone: ground.zone, site, to: edges.records }),
    async keepHouse() {
      await presence.makeGood()
      if (presence.isConnected) await heard.saveNowAndThen()
    },
    health() {
      const isUp = {
        ari: presence.isConnected,
        ami: mailboxes?.isConnected ?? true,
        spool: spool.hasRoom(1),
        live: edges.delivery.isUp('live'),
        records: edges.delivery.isUp('records'),
      }
      return {
        status: upOrDown(Object.values(isUp).every(Boolean)),
        site,
        components: {
          ari: { status: upOrDown(isUp.ari) },
          ...(mailboxes && { ami: { status: upOrDown(isUp.ami) } }),
          spool: { status: upOrDown(isUp.spool), bytes: spool.bytes, unsent: spool.unacked },
          live: { status: upOrDown(isUp.live), queued: lanes.live.queued },
          records: { status: upOrDown(isUp.records), queued: lanes.late.queued },
        },
        quarantined: edges.quarantine.items,
        counters: operation.counters.snapshot(),
      }
    },
  }
}

function upOrDown(isUp: boolean): 'up' | 'down' {
  return isUp ? 'up' : 'down'
}

/** When the PBX was last heard, before this process and in it. */
async function openHeard({ stateFolder, disk, clock }: Ground, { counters }: Operation) {
  const file = new LastSeenFile(stateFolder, disk)
  const beforeMs = await file.load()
  // By the clock that never goes back.
  let savedMs = Number.NEGATIVE_INFINITY
  const save = async () => {
    savedMs = clock.monotonicMs()
    // Without it the next gap is told to begin too early, which is no reason to stop.
    await file.save(clock.nowMs()).catch(() => counters.add('heard-unsaved'))
  }
  return {
    beforeMs,
    save,
    async saveNowAndThen() {
      if (clock.monotonicMs() - savedMs >= heardSaveMs) await save()
    },
  }
}
