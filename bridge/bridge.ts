import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { SQSClientConfig } from '@aws-sdk/client-sqs'
import type { SiteId } from '../contracts/names.ts'
import type { AmiAddress } from './asterisk/ami-connection.ts'
import type { AriLink } from './asterisk/ari-connection.ts'
import type { AriAddress } from './asterisk/ari-errors.ts'
import { openAriLink } from './asterisk/ari-listener.ts'
import { AriRest } from './asterisk/ari-rest.ts'
import { CdrCheckpoint } from './asterisk/cdr-checkpoint.ts'
import { CdrFile } from './asterisk/cdr-file.ts'
import { AriIntake } from './asterisk/intake.ts'
import { MailboxWatch } from './asterisk/mailbox-watch.ts'
import { Commands } from './commands/commands.ts'
import { DayVerifier } from './commands/day-verifier.ts'
import type { BridgeConfig } from './config.ts'
import { CredentialsFile } from './enrolment/credentials-file.ts'
import { Session } from './enrolment/session.ts'
import { CdrLane } from './forward/cdr-lane.ts'
import { Delivery, type Destination } from './forward/delivery.ts'
import { Packer } from './forward/pack.ts'
import { probeQueues, Sender } from './forward/sender.ts'
import { readSigningKey } from './forward/signing-key.ts'
import { Mailboxes } from './normalise/mailboxes.ts'
import { Registrations } from './normalise/registrations.ts'
import { type Clock, realClock } from './operate/clock.ts'
import type { Counters } from './operate/counters.ts'
import { type Health, summarizeHealth } from './operate/health.ts'
import type { Log } from './operate/log.ts'
import { lockFolder, prepareStateFolder } from './operate/state-folder.ts'
import { PhoneSettings } from './phone-settings.ts'
import { type OpenPipeline, openPipeline } from './pipeline.ts'
import { Presence } from './presence.ts'
import { type Disk, realDisk } from './spool/disk.ts'
import { Quarantine } from './spool/quarantine.ts'
import { LastSeenFile, takeEpoch } from './spool/state-files.ts'

/** Where every component reports what it does. */
export interface Operation {
  counters: Counters
  log: Log
}

/** Connections to files and queues outside of the bridge. Opening them finds what is wrong in a configuration. */
export interface Connections {
  file: CdrFile
  delivery: Delivery
  packer: Packer
  quarantine: Quarantine
  live: Destination
  records: Destination
}

export interface ProcessConnections extends Connections {
  /** Gets AWS credentials from the cloud, if the configuration names its HTTP API. */
  session: Session | undefined
  /** `undefined`: the AWS SDK looks in its environment, `~/.aws`, a process and the machine's role. */
  credentials: SQSClientConfig['credentials'] | undefined
}

/** The machine and the PBX that a bridge runs on. A simulator passes models of them. */
export interface Environment {
  site: SiteId
  stateFolder: string
  /** Id of this process. */
  run: string
  ari: AriAddress
  link: AriLink
  /** Without it, messages waiting in mailboxes and registrations of trunks are not published. */
  ami?: AmiAddress | undefined
  disk: Disk
  clock: Clock
  spoolBytesMax?: number
  /** Time zone of the times in a CSV file of call records. */
  zone?: string | undefined
}

/** The components that carry events and call records from Asterisk to SQS, connected but not running yet. */
export interface BridgeComponents extends OpenPipeline {
  intake: AriIntake
  mailboxes: MailboxWatch | undefined
  presence: Presence
  cdrLane: CdrLane
  /** Call this each second. */
  tick(): Promise<void>
  health(): Health
}

/** A bridge process also takes commands and reads phone settings. */
export interface BridgeProcess extends BridgeComponents {
  commands: Commands
  settings: PhoneSettings
}

/** Creates the components of a bridge process. `undo` closes what it opens. `onBroken` gets the error that ends the process. */
export async function createBridge(
  config: BridgeConfig,
  { session, credentials, ...connections }: ProcessConnections,
  operation: Operation,
  undo: AsyncDisposableStack,
  onBroken: (error: unknown) => void,
): Promise<BridgeProcess> {
  const { site, stateFolder, ari, ami, cdr } = config
  const link = await openAriLink(ari, undo)
  const machine = { disk: realDisk, clock: realClock, zone: cdr.zone }
  const environment = { site, stateFolder, run: randomUUID(), ari, ami, link, ...machine }
  const components = await assemble(environment, connections, operation, onBroken)
  const { presence, state, lanes } = components
  const days = new DayVerifier({
    ...operation,
    ...connections,
    site,
    cdrFile: cdr.file,
    zone: cdr.zone,
    to: connections.records,
  })
  const commands = new Commands({
    ...config,
    ...operation,
    days,
    placed: state.placed,
    presence,
    setPace: (paceMs) => lanes.live.setPace(paceMs),
    deploymentPublicKey: config.deploymentPublicKey,
    credentials,
    queueUrl: () => session?.commandQueue ?? config.queues.commands,
  })
  undo.defer(() => commands.stop())
  const requests = new AriRest(ari.url, ari)
  const settings = new PhoneSettings({ ...operation, requests, known: presence, clock: realClock })
  return { ...components, commands, settings }
}

/** Opens the connections in the order in which an operator would check them. Throws FatalError. */
export async function openConnections(
  config: BridgeConfig,
  { counters, log }: Operation,
  undo: AsyncDisposableStack,
): Promise<ProcessConnections> {
  const { site, stateFolder, key, queues } = config
  const sign = await readSigningKey(key.privateKeyFile)
  await prepareStateFolder(stateFolder)
  const lock = await lockFolder(stateFolder)
  undo.defer(() => lock.release())
  const checkpoint = new CdrCheckpoint(stateFolder)
  const file = new CdrFile({ path: config.cdr.file, checkpoint, onCount: (errorId) => counters.add(errorId) })
  await file.open()
  undo.defer(() => file.close())
  const session = config.api ? new Session({ api: config.api, site, key: key.id, sign, log, now: Date.now }) : undefined
  const { credentialsFile: path } = config
  const credentials = session?.provide ?? (path === undefined ? undefined : new CredentialsFile({ path, log }).provide)
  const sender = new Sender(config.region, credentials)
  undo.defer(() => sender.stop())
  await probeQueues(sender, queues, log)
  const quarantine = new Quarantine(join(stateFolder, 'quarantine'))
  await quarantine.open()
  const delivery = new Delivery({ sender, quarantine, counters, log })
  const packer = new Packer({ site, key: key.id, sign })
  const live: Destination = { lane: 'live', queueUrl: queues.live }
  const records: Destination = { lane: 'records', queueUrl: queues.records }
  return { file, quarantine, delivery, packer, live, records, session, credentials }
}

/** Opens what has state on disk, and connects the components: pipeline.ts for events, and beside it the file of call records. */
export async function assemble(
  environment: Environment,
  connections: Connections,
  operation: Operation,
  onSpoolBroken: (error: unknown) => void,
): Promise<BridgeComponents> {
  const { site, stateFolder, run, disk, clock, ari, link, ami, zone } = environment
  const { delivery, quarantine } = connections
  const { counters } = operation
  const lastSeen = new LastSeenFile(stateFolder, disk, clock, (errorId) => counters.add(errorId))
  const lastSeenMs = await lastSeen.load()
  const opened = await openPipeline({
    ...environment,
    ...connections,
    ...operation,
    onSpoolBroken,
    heartbeat: () => presence.heartbeat(),
    onLateFactsSent: (facts, isEverything) => presence.republish(facts, isEverything),
  })
  const { pipeline, state, spool, lanes } = opened
  const presence = new Presence({
    ...operation,
    run,
    state,
    pipeline,
    takeEpoch: () => takeEpoch(stateFolder, clock.nowMs(), disk),
    lastSeenMs,
    nowMs: clock.nowMs,
  })
  const mailboxes = ami && createMailboxWatch(ami, clock, presence, operation)
  const intake = new AriIntake({
    ...operation,
    ari,
    link,
    clock,
    quarantine,
    async onConnected(snapshot, takeBuffered, reason) {
      await lastSeen.save()
      await presence.connected(snapshot, takeBuffered, reason)
      mailboxes?.refresh()
    },
    onEvent: pipeline.onEvent,
    onReplayed: pipeline.onReplayedEvent,
    onDisconnected: (lastSeenMs) => presence.disconnected(lastSeenMs),
    differences: (snapshot) => state.differences(snapshot, pipeline.now()),
  })
  const cdrLane = new CdrLane({ ...connections, ...operation, clock, zone, site, to: connections.records })
  const tick = async () => {
    await presence.tick()
    if (presence.isConnected) await lastSeen.saveIfDue()
  }
  const health = () => {
    const components = {
      ari: { isUp: presence.isConnected },
      ...(mailboxes && { ami: { isUp: mailboxes.isConnected } }),
      spool: { isUp: spool.hasRoom(1), bytes: spool.bytes, unsent: spool.unacked },
      live: { isUp: delivery.isUp('live'), queued: lanes.live.queued },
      records: { isUp: delivery.isUp('records'), queued: lanes.late.queued },
    }
    return summarizeHealth(site, components, { quarantined: quarantine.items, counters: counters.snapshot() })
  }
  return { ...opened, presence, mailboxes, intake, cdrLane, tick, health }
}

function createMailboxWatch(address: AmiAddress, clock: Clock, presence: Presence, operation: Operation): MailboxWatch {
  const mailboxes = new Mailboxes()
  const registrations = new Registrations()
  const publish = (endpoints: string[]) => {
    for (const endpoint of endpoints) presence.publishMailbox(endpoint, mailboxes.of(endpoint))
  }
  return new MailboxWatch({
    ...operation,
    address,
    clock,
    endpoints: () => presence.endpoints,
    onOwners: (owners) => publish(mailboxes.setOwners(owners)),
    onCount: (mailbox, count) => publish(mailboxes.setCount(mailbox, count)),
    onOther: (headers) => {
      const report = registrations.take(headers)
      if (report) presence.publishRegistration(report)
    },
  })
}
