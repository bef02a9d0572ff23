import type { NumberSearch } from '../../../contracts/numbers/number-search.ts'
import { config } from '../../config.ts'
import { CommandQueues } from '../../gateways/command-queues.ts'
import { ExportFiles } from '../../gateways/export-files.ts'
import { Sockets } from '../../gateways/sockets.ts'
import { BridgeStore } from '../../stores/bridges.ts'
import { CdrErasure } from '../../stores/cdr-erasure.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { ExportJobStore } from '../../stores/export-jobs.ts'
import { ItemErasure } from '../../stores/item-erasure.ts'
import { KeyStore } from '../../stores/keys.ts'
import { readLocale } from '../../stores/locale.ts'
import { PartitionStore } from '../../stores/partitions.ts'
import { RemovalStore } from '../../stores/removals.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { eraseFromSettings } from './erase-settings.ts'
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
const sites = new SiteStore(db, env.TABLE_LIVE)
const removals = new RemovalStore(db, env.TABLE_ACCESS)
const numberingOf = (site: string) => readLocale(db, env.TABLE_LIVE, site)

/** Returns the dependencies of one pass of deletions and erasures; `isOver` returns true when the pass has to stop. */
export function createDependencies(isOver: () => boolean): RemovalDependencies {
  const records = new PartitionStore(db, env.TABLE_RECORDS, isOver)
  const live = new PartitionStore(db, env.TABLE_LIVE, isOver)
  const tables = { records, live, people: new PartitionStore(db, env.TABLE_PEOPLE, isOver) }
  const cdrs = new CdrErasure(db, env.TABLE_RECORDS, isOver)
  const items = {
    records: new ItemErasure(db, env.TABLE_RECORDS, isOver),
    live: new ItemErasure(db, env.TABLE_LIVE, isOver),
  }
  // A feature that stores numbers in another place adds here how it erases one.
  const settings = (site: string, search: NumberSearch) => eraseFromSettings(site, search, { directory, sites })
  const others = [{ name: 'settings', erase: settings }]
  const erasing = { numberingOf, cdrs, tables, items, others }
  return { removals, deleting: { ...shared, tables }, erasing, exports }
}
