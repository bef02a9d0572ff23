import { BridgeStore } from '../../functions/stores/bridges.ts'
import { CdrErasure } from '../../functions/stores/cdr-erasure.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { ConnectionStore } from '../../functions/stores/connections.ts'
import { ExportJobStore } from '../../functions/stores/export-jobs.ts'
import { ItemErasure } from '../../functions/stores/item-erasure.ts'
import { KeyStore } from '../../functions/stores/keys.ts'
import { PartitionStore } from '../../functions/stores/partitions.ts'
import { RemovalStore } from '../../functions/stores/removals.ts'
import { SiteDirectory } from '../../functions/stores/site-directory.ts'
import { SiteStore } from '../../functions/stores/sites.ts'
import { Process } from './killed-writes.ts'
import type { TestTables } from './tables.ts'

/** The stores and gateways of one process, as a function creates them; `queues` are the existing command queues by URL. */
export function accessWorld(
  { db: sound, table }: Pick<TestTables, 'db' | 'table'>,
  queues: Set<string>,
  process = new Process(Number.POSITIVE_INFINITY),
  isOver = () => false,
) {
  const db = process.over(sound)
  const partitions = new PartitionStore(db, table, () => false)
  const items = new ItemErasure(db, table, () => false)
  return {
    directory: new SiteDirectory(db, table),
    keys: new KeyStore(db, table),
    bridges: new BridgeStore(db, table),
    sites: new SiteStore(db, table),
    removals: new RemovalStore(db, table),
    connections: new ConnectionStore(db, table),
    cdrs: new CdrStore(db, table),
    erasure: new CdrErasure(db, table, isOver),
    items: { records: items, live: items },
    tables: { records: partitions, live: partitions, people: partitions, webhooks: partitions },
    exports: {
      jobs: new ExportJobStore(db, table),
      files: {
        begin: async () => 'upload',
        putPart: async (_file: string, _upload: string, part: number) => {
          process.write()
          return `part ${part}`
        },
        complete: async () => process.write(),
        remove: async () => process.write(),
      },
      read: async () => ({ contentType: 'application/jsonl', text: '{}\n', rows: 1 }),
      isOver: () => false,
    },
    sockets: { close: async () => undefined },
    commandQueues: {
      create: async (site: string, number: number) => {
        process.write()
        queues.add(`queue-${site}-${number}`)
        return `queue-${site}-${number}`
      },
      remove: async (url: string) => {
        process.write()
        queues.delete(url)
      },
      send: async () => process.write(),
    },
  }
}
export type AccessWorld = ReturnType<typeof accessWorld>
