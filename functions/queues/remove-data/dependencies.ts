import { config } from '../../config.ts'
import { CommandQueues } from '../../gateways/command-queues.ts'
import { ExportFiles } from '../../gateways/export-files.ts'
import { Sockets } from '../../gateways/sockets.ts'
import { BridgeStore } from '../../stores/bridges.ts'
import { CdrErasure } from '../../stores/cdr-erasure.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { ExportJobStore } from '../../stores/export-jobs.ts'
import { KeyStore } from '../../stores/keys.ts'
import { readLocale } from '../../stores/locale.ts'
import { PartitionStore } from '../../stores/partitions.ts'
import { RemovalStore } from '../../stores/removals.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { documentClient } from '../../stores/table.ts'
import { numberKeepers } from './number-keepers.ts'
import type { RemovalDependencies } from './remove-data.ts'

const env = config(
  'TABLE_ACCESS',
  'TABLE_LIVE',
  'TABLE_RECORDS',
  'TABLE_PEOPLE',
  'SOCKET_ENDPOINT',
  'STAGE',
  'BUCKET_EXPORTS',
)
const db = documentClient()
const directory = new SiteDirectory(db, env.TABLE_ACCESS)
const keys = new KeyStore(db, env.TABLE_ACCESS)
const bridges = new BridgeStore(db, env.TABLE_ACCESS)
const connections = new ConnectionStore(db, env.TABLE_LIVE)
const sockets = new Sockets(env.SOCKET_ENDPOINT)
const shared = { directory, keys, bridges, connections, sockets, commandQueues: new CommandQueues(env.STAGE) }
const exports = { jobs: new ExportJobStore(db, env.TABLE_RECORDS), files: new ExportFiles(env.BUCKET_EXPORTS) }
const removals = new RemovalStore(db, env.TABLE_ACCESS)
const numberingOf = (site: string) => readLocale(db, env.TABLE_LIVE, site)

/** All that a pass of deletions and erasures works with; `isOver` says when it has to stop. */
export function createDependencies(isOver: () => boolean): RemovalDependencies {
  const records = new PartitionStore(db, env.TABLE_RECORDS, isOver)
  const live = new PartitionStore(db, env.TABLE_LIVE, isOver)
  const tables = { records, live, people: new PartitionStore(db, env.TABLE_PEOPLE, isOver) }
  const cdrs = new CdrErasure(db, env.TABLE_RECORDS, isOver)
  const erasing = { numberingOf, cdrs, tables, others: numberKeepers(db, { live: env.TABLE_LIVE }, tables) }
  return { removals, deleting: { ...shared, tables }, erasing, exports }
}
