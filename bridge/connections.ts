import { join } from 'node:path'
import type { CdrOrigin } from './asterisk/cdr-origin.ts'
import { openCdrs } from './cdrs.ts'
import type { BridgeConfig } from './config.ts'
import { CredentialsFile } from './enrolment/credentials-file.ts'
import { Session } from './enrolment/session.ts'
import type { CdrFeed } from './forward/cdr-lane.ts'
import { Delivery, type Destination } from './forward/delivery.ts'
import { Packer } from './forward/pack.ts'
import { probeQueues } from './forward/probe.ts'
import { Sender } from './forward/sender.ts'
import { readSigningKey } from './forward/signing-key.ts'
import type { SqsAccess } from './forward/sqs-client.ts'
import { CloudClock } from './operate/cloud-clock.ts'
import type { Counters } from './operate/counters.ts'
import type { Log } from './operate/log.ts'
import type { Durations } from './operate/metrics/durations.ts'
import { checkStateFormat, lockFolder, prepareStateFolder } from './operate/state-folder.ts'
import { Quarantine } from './spool/quarantine.ts'
import { RefusedRecords } from './spool/refused-records.ts'

/** Where every component reports what it does. */
export interface Operation {
  counters: Counters
  log: Log
  /** Without it, nothing is measured. */
  durations?: Durations
}

/** Ways to send, and the quarantine. */
export interface SendConnections {
  delivery: Delivery
  packer: Packer
  quarantine: Quarantine
  refused: RefusedRecords
  live: Destination
  records: Destination
}

/** Connections to files and queues outside of the bridge. Opening them finds what is wrong in a configuration. */
export interface Connections extends SendConnections {
  /** The records to send, and what is known of where they come from. */
  file: CdrFeed & { unreadBytes(): Promise<number> }
  origin: CdrOrigin
  /** The time of the cloud; absent in a simulation, whose cloud has no answers with dates. */
  cloudClock?: CloudClock
}

export interface ProcessConnections extends Connections {
  /** Gets AWS credentials from the cloud, if the configuration names its HTTP API. */
  session: Session | undefined
  /** Without credentials, the AWS SDK looks in its environment, `~/.aws`, a process and the machine's role. */
  access: SqsAccess
}

/** Opens the connections in the order in which an operator would check them. Throws FatalError. */
export async function openConnections(
  config: BridgeConfig,
  operation: Operation,
  undo: AsyncDisposableStack,
): Promise<ProcessConnections> {
  const { stateFolder } = config
  const sign = await readSigningKey(config.key.privateKeyFile)
  await prepareStateFolder(stateFolder)
  const lock = await lockFolder(stateFolder)
  undo.defer(() => lock.release())
  await checkStateFormat(stateFolder)
  const cdrs = await openCdrs(config, operation.counters, undo)
  return { ...cdrs, ...(await openSending(config, sign, operation, undo)) }
}

/** Returns a sender with the credentials that the configuration names. It makes no request. */
export function openSender(
  { api, site, key, region, credentialsFile: path }: BridgeConfig,
  sign: (bytes: Uint8Array) => Uint8Array,
  log: Log,
) {
  const clock = new CloudClock()
  const session = api ? new Session({ api, site, key: key.id, sign, log, cloud: clock }) : undefined
  const source = session ?? (path === undefined ? undefined : new CredentialsFile({ path, log, cloud: clock }))
  const access = { credentials: source?.provide, onExpired: source?.expired, clock }
  return { session, access, clock, sender: new Sender(region, access), canRenew: source !== undefined }
}

/** Opens the queues and the quarantine. The quarantine may be used beside a running bridge. Throws FatalError. */
export async function openSending(
  config: BridgeConfig,
  sign: (bytes: Uint8Array) => Uint8Array,
  { counters, log, durations }: Operation,
  undo: AsyncDisposableStack,
): Promise<Omit<ProcessConnections, 'file' | 'origin'>> {
  const { site, stateFolder, key, queues } = config
  const { session, access, clock: cloudClock, sender, canRenew } = openSender(config, sign, log)
  undo.defer(() => sender.stop())
  await probeQueues(queues, { sender, log, clock: cloudClock, canRenew })
  const quarantine = new Quarantine(join(stateFolder, 'quarantine'))
  await quarantine.open()
  const refused = new RefusedRecords(join(stateFolder, 'quarantine'))
  await refused.open()
  const delivery = new Delivery({ sender, quarantine, counters, log, ...(durations && { durations }) })
  const packer = new Packer({ site, key: key.id, sign })
  const live: Destination = { lane: 'live', queueUrl: queues.live }
  const records: Destination = { lane: 'records', queueUrl: queues.records }
  return { quarantine, refused, delivery, packer, live, records, session, access, cloudClock }
}
