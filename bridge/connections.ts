import { join } from 'node:path'
import type { SQSClientConfig } from '@aws-sdk/client-sqs'
import { CdrCheckpoint } from './asterisk/cdr-checkpoint.ts'
import { CdrFile } from './asterisk/cdr-file.ts'
import type { BridgeConfig } from './config.ts'
import { CredentialsFile } from './enrolment/credentials-file.ts'
import { Session } from './enrolment/session.ts'
import { Delivery, type Destination } from './forward/delivery.ts'
import { Packer } from './forward/pack.ts'
import { probeQueues, Sender } from './forward/sender.ts'
import { readSigningKey } from './forward/signing-key.ts'
import type { Counters } from './operate/counters.ts'
import type { Log } from './operate/log.ts'
import { lockFolder, prepareStateFolder } from './operate/state-folder.ts'
import { Quarantine } from './spool/quarantine.ts'
import { RefusedRecords } from './spool/refused-records.ts'

/** Where every component reports what it does. */
export interface Operation {
  counters: Counters
  log: Log
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
  file: CdrFile
}

export interface ProcessConnections extends Connections {
  /** Gets AWS credentials from the cloud, if the configuration names its HTTP API. */
  session: Session | undefined
  /** `undefined`: the AWS SDK looks in its environment, `~/.aws`, a process and the machine's role. */
  credentials: SQSClientConfig['credentials'] | undefined
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
  const checkpoint = new CdrCheckpoint(stateFolder)
  const file = new CdrFile({ path: config.cdr.file, checkpoint, onCount: (errorId) => operation.counters.add(errorId) })
  await file.open()
  undo.defer(() => file.close())
  return { file, ...(await openSending(config, sign, operation, undo)) }
}

/** Opens the queues and the quarantine. The quarantine may be used beside a running bridge. Throws FatalError. */
export async function openSending(
  config: BridgeConfig,
  sign: (bytes: Uint8Array) => Uint8Array,
  { counters, log }: Operation,
  undo: AsyncDisposableStack,
): Promise<Omit<ProcessConnections, 'file'>> {
  const { site, stateFolder, key, queues } = config
  const session = config.api ? new Session({ api: config.api, site, key: key.id, sign, log, now: Date.now }) : undefined
  const { credentialsFile: path } = config
  const credentials = session?.provide ?? (path === undefined ? undefined : new CredentialsFile({ path, log }).provide)
  const sender = new Sender(config.region, credentials)
  undo.defer(() => sender.stop())
  await probeQueues(sender, queues, log)
  const quarantine = new Quarantine(join(stateFolder, 'quarantine'))
  await quarantine.open()
  const refused = new RefusedRecords(join(stateFolder, 'quarantine'))
  await refused.open()
  const delivery = new Delivery({ sender, quarantine, counters, log })
  const packer = new Packer({ site, key: key.id, sign })
  const live: Destination = { lane: 'live', queueUrl: queues.live }
  const records: Destination = { lane: 'records', queueUrl: queues.records }
  return { quarantine, refused, delivery, packer, live, records, session, credentials }
}
