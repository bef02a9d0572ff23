import { randomUUID } from 'node:crypto'
import type { SiteId } from '../contracts/names.ts'
import type { AmiAddress } from './asterisk/ami-connection.ts'
import type { AriLink } from './asterisk/ari-connection.ts'
import type { AriAddress } from './asterisk/ari-errors.ts'
import { openAriLink } from './asterisk/ari-listener.ts'
import { AriRest } from './asterisk/ari-rest.ts'
import { asteriskVersion } from './asterisk/asterisk-version.ts'
import { CdrWatch } from './asterisk/cdr-watch.ts'
import { AriIntake } from './asterisk/intake.ts'
import { hasModules } from './asterisk/loaded-modules.ts'
import type { MailboxWatch } from './asterisk/mailbox-watch.ts'
import type { QueueWatch } from './asterisk/queue-watch.ts'
import type { SecurityWatch } from './asterisk/security-watch.ts'
import { BridgeHealth } from './bridge-health.ts'
import { Commands } from './commands/commands.ts'
import { DayVerifier } from './commands/day-verifier.ts'
import type { BridgeConfig } from './config.ts'
import type { Connections, Operation, ProcessConnections } from './connections.ts'
import { CdrLane } from './forward/cdr-lane.ts'
import { createMailboxWatch } from './mailbox-presence.ts'
import { type CdrSettings, cdrFormat } from './normalise/cdr-record.ts'
import { Checks } from './operate/checks.ts'
import { type Clock, realClock } from './operate/clock.ts'
import { programVersion } from './operate/program-version.ts'
import { PhoneSettings } from './phone-settings.ts'
import { type OpenPipeline, openPipeline } from './pipeline.ts'
import { Presence } from './presence.ts'
import { createQueueWatch } from './queue-presence.ts'
import { createSecurityWatch } from './security-presence.ts'
import { type Disk, realDisk } from './spool/disk.ts'
import { LastSeenFile, takeEpoch } from './spool/state-files.ts'

/** Asterisk answers within milliseconds or hangs. */
const requestMsMax = 5_000

/** The machine and the PBX that a bridge runs on. A simulator passes models of them. */
export interface Environment {
  site: SiteId
  stateFolder: string
  /** Id of this process. */
  run: string
  ari: AriAddress
  link: AriLink
  /** Without it, messages waiting in mailboxes, registrations of trunks and queues are not published. */
  ami?: AmiAddress | undefined
  /** Returns whether Asterisk has loaded all of these modules; by default that is taken for granted. */
  hasModules?(names: readonly string[]): Promise<boolean>
  /** Returns the version of Asterisk; without it, the version is not known. */
  asteriskVersion?(): Promise<string>
  disk: Disk
  clock: Clock
  spoolBytesMax?: number
  cdr: CdrSettings
}

/** The components that carry events and call records from Asterisk to SQS, connected but not running yet. */
export interface BridgeComponents extends OpenPipeline {
  intake: AriIntake
  mailboxes: MailboxWatch | undefined
  queues: QueueWatch | undefined
  security: SecurityWatch | undefined
  presence: Presence
  cdrLane: CdrLane
  /** Call this each second. */
  tick(): Promise<void>
  bridgeHealth: BridgeHealth
}

/** A bridge process also takes commands and reads phone settings. */
export interface BridgeProcess extends BridgeComponents {
  commands: Commands
  settings: PhoneSettings
}

/** Creates the components of a bridge process. `undo` closes what it opens. `onBroken` gets the error that ends the process. */
export async function createBridge(
  config: BridgeConfig,
  { session, access, ...connections }: ProcessConnections,
  operation: Operation,
  undo: AsyncDisposableStack,
  onBroken: (error: unknown) => void,
): Promise<BridgeProcess> {
  const { site, stateFolder, ari, ami, cdr } = config
  const link = await openAriLink(ari, undo)
  const machine = { disk: realDisk, clock: realClock }
  const requests = new AriRest(ari.url, ari)
  const modules = (names: readonly string[]) => hasModules(names, requests, AbortSignal.timeout(requestMsMax))
  const version = () => asteriskVersion(requests, AbortSignal.timeout(requestMsMax))
  const facts = { hasModules: modules, asteriskVersion: version }
  const environment = { site, stateFolder, run: randomUUID(), ari, ami, link, cdr, ...facts, ...machine }
  const components = await assemble(environment, connections, operation, onBroken)
  const { presence, state, lanes, spool, bridgeHealth } = components
  const days = new DayVerifier({
    ...operation,
    ...connections,
    site,
    cdr,
    to: connections.records,
  })
  const commands = new Commands({
    ...config,
    ...operation,
    ...connections,
    spool,
    days,
    placed: state.placed,
    presence,
    setPace: (paceMs) => lanes.live.setPace(paceMs),
    deploymentPublicKey: config.deploymentPublicKey,
    access,
    queueUrl: () => session?.commandQueue ?? config.queues.commands,
  })
  undo.defer(() => commands.stop())
  if (config.deploymentPublicKey !== undefined) bridgeHealth.components.add('commands', () => commands.state)
  const reader = components.mailboxes?.reader
  const settings = new PhoneSettings({
    ...operation,
    requests,
    ami: reader,
    known: presence,
    anyChannel: () => state.calls.anyChannel(),
    clock: realClock,
  })
  return { ...components, commands, settings }
}

/** Opens what has state on disk, and connects the components: pipeline.ts for events, and beside it the file of call records. */
export async function assemble(
  environment: Environment,
  connections: Connections,
  operation: Operation,
  onSpoolBroken: (error: unknown) => void,
): Promise<BridgeComponents> {
  const { site, stateFolder, run, disk, clock, ari, link, ami, cdr } = environment
  const { quarantine } = connections
  const { counters, log } = operation
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
  const { pipeline, state } = opened
  const checks = new Checks(log)
  let asterisk: string | undefined
  const presence = new Presence({
    ...operation,
    run,
    state,
    pipeline,
    // The clock of this machine may be wrong, and the cloud ignores facts of an epoch below an earlier one.
    takeEpoch: () => takeEpoch(stateFolder, connections.cloudClock?.nowMs() ?? clock.nowMs(), disk),
    lastSeenMs,
    nowMs: clock.nowMs,
    monotonicMs: clock.monotonicMs,
    ...(programVersion && { version: programVersion }),
    asterisk: () => asterisk,
    checks: () => checks.all(),
  })
  const readVersion = async () => {
    // A heartbeat without the version is whole: the next connection asks again.
    asterisk = await environment.asteriskVersion?.().catch(() => undefined)
  }
  const mailboxes = ami && createMailboxWatch(ami, { ...environment, ...operation, presence, checks })
  const queues = createQueueWatch(ami, { ...operation, clock, presence, state, pipeline, checks })
  const security = createSecurityWatch(ami, { ...operation, clock, presence })
  const intake = new AriIntake({
    ...operation,
    ari,
    link,
    clock,
    quarantine,
    async onConnected(snapshot, takeBuffered, reason) {
      await lastSeen.save()
      // Asterisk may have been restarted since: nobody waits in its queues any more.
      if (queues && !queues.isConnected) state.queues.clear(false)
      await presence.connected(snapshot, takeBuffered, reason)
      if (checks.get('ari')) checks.set({ id: 'ari', state: 'ok', reason: 'Asterisk is connected' })
      void readVersion()
      mailboxes?.refresh()
      queues?.refresh()
      security?.refresh()
    },
    onEvent: pipeline.onEvent,
    onReplayed: (event) => presence.publishReplayed(event),
    onDisconnected: (lastSeenMs) => presence.disconnected(lastSeenMs),
    async onNotReached({ parts: { reason, repair = 'See ari.conf and http.conf.' } }) {
      checks.set({ id: 'ari', state: 'warning', reason, repair })
      await presence.notReached().catch(() => operation.counters.add('epoch-unsaved'))
    },
    differences: (snapshot) => state.differences(snapshot, pipeline.now()),
  })
  const format = cdrFormat(cdr)
  const cdrs = new CdrWatch({ ...connections, format, checks, clock, ended: () => state.calls.endedCount })
  const cdrLane = new CdrLane({
    ...connections,
    ...operation,
    clock,
    format,
    watch: cdrs,
    site,
    to: connections.records,
  })
  const checkClock = () => {
    const check = connections.cloudClock?.check()
    if (check) checks.set(check)
  }
  // The cloud has just answered, so a wrong clock is known. It is logged first, because it explains times in all later lines.
  checkClock()
  const tick = async () => {
    await presence.tick()
    if (presence.isConnected) await lastSeen.saveIfDue()
    await cdrs.tick()
    checkClock()
    bridgeHealth.components.read()
  }
  const bridgeHealth = new BridgeHealth({
    ...connections,
    ...operation,
    ...opened,
    site,
    clock,
    checks,
    presence,
    intake,
    mailboxes,
    queues,
    asterisk: () => asterisk,
  })
  return { ...opened, presence, mailboxes, queues, security, intake, cdrLane, tick, bridgeHealth }
}
