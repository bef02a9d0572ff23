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
import { lockFolder } from './operate/lock.ts'
import type { Log } from './operate/log.ts'
import { Quarantine } from './spool/quarantine.ts'
import type { Recovered } from './spool/recover.ts'
import { Spool, type SpoolOptions } from './spool/spool.ts'
import { prepareStateFolder } from './state-folder.ts'

/** What every part reports to. */
export interface Operation {
  counters: Counters
  log: Log
}

/** What stands between the bridge and the outside: what can be wrong with a configuration shows when these are opened. */
export interface Edges {
  file: CdrFile
  delivery: Delivery
  packer: Packer
  quarantine: Quarantine
  live: Destination
  records: Destination
  /** Absent where credentials do not come from the cloud itself. */
  session: Session | undefined
  /** Absent where the AWS SDK looks for them: environment, files in ~/.aws, a process, the machine's role. */
  credentials: SQSClientConfig['credentials'] | undefined
}

/** Opens the edges in the order in which a person would look at them; what is open is closed again by `undo`. */
export async function openEdges(
  config: BridgeConfig,
  { counters, log }: Operation,
  undo: AsyncDisposableStack,
): Promise<Edges> {
  const { site, stateFolder } = config
  const sign = await readSigningKey(config.key.privateKeyFile)
  await prepareStateFolder(stateFolder)
  const lock = await lockFolder(stateFolder)
  undo.defer(() => lock.release())
  const checkpoint = new CdrCheckpoint(stateFolder)
  const file = new CdrFile({ path: config.cdr.file, checkpoint, onCount: (errorId) => counters.add(errorId) })
  await file.open()
  undo.defer(() => file.close())
  const session = config.api && new Session({ api: config.api, site, key: config.key.id, sign, log, now: Date.now })
  const { credentialsFile: path } = config
  const credentials = session ? session.provide : path && new CredentialsFile({ path, log }).provide
  const sender = new Sender(config.region, credentials || undefined)
  undo.defer(() => sender.stop())
  await probeQueues(sender, config.queues, log)
  const quarantine = new Quarantine(join(stateFolder, 'quarantine'))
  await quarantine.open()
  return {
    file,
    quarantine,
    delivery: new Delivery({ sender, quarantine, counters, log }),
    packer: new Packer({ site, key: config.key.id, sign }),
    live: { lane: 'live', queueUrl: config.queues.live },
    records: { lane: 'records', queueUrl: config.queues.records },
    session: session || undefined,
    credentials: credentials || undefined,
  }
}

/** Opens the spool, puts what is damaged in it aside, and says what it found. */
export async function openSpool(
  options: Omit<SpoolOptions, 'onCount'>,
  quarantine: Quarantine,
  { counters, log }: Operation,
): Promise<{ spool: Spool; recovered: Recovered }> {
  const spool = new Spool({ ...options, onCount: (errorId) => counters.add(errorId) })
  const recovered = await spool.open()
  for (const bytes of recovered.damaged) await quarantine.put('spool', bytes)
  if (recovered.damaged.length > 0) counters.add('spool-damaged', recovered.damaged.length)
  if (recovered.tornBytes > 0) counters.add('spool-torn')
  log.info('spool open', { unsent: recovered.next - recovered.acked, tornBytes: recovered.tornBytes })
  return { spool, recovered }
}
