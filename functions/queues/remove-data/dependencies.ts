import { createPrivateKey } from 'node:crypto'
import { config } from '../../config.ts'
import { dataKeys } from '../../data-keys.ts'
import type { Erasing } from '../../domain/personal/erasing.ts'
import { CommandQueues } from '../../gateways/command-queues.ts'
import { DeadLetterSearch } from '../../gateways/dead-letter-search.ts'
import { ExportFiles } from '../../gateways/export-files.ts'
import { QueueDepths } from '../../gateways/queue-depths.ts'
import { Sockets } from '../../gateways/sockets.ts'
import { secrets } from '../../secrets.ts'
import { AuditErasure } from '../../stores/audit-erasure.ts'
import { BridgeStore } from '../../stores/bridges.ts'
import { CdrErasure } from '../../stores/cdr-erasure.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { ExportJobStore } from '../../stores/export-jobs.ts'
import { ItemErasure } from '../../stores/item-erasure.ts'
import { KeyErasure } from '../../stores/key-erasure.ts'
import { KeyStore } from '../../stores/keys.ts'
import { readNumbering } from '../../stores/locale.ts'
import { PartitionStore } from '../../stores/partitions.ts'
import { RemovalStore } from '../../stores/removals.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { WebhookErasure } from '../../stores/webhook-erasure.ts'
import { eventsQuietMs, laneQuietMs } from './bridge-erasure.ts'
import { eraseFromAudit } from './erase-audit.ts'
import { eraseDeadLetters } from './erase-dead-letters.ts'
import type { EraseNumberDependencies } from './erase-number.ts'
import { eraseFromKeyNames, eraseFromSettings } from './erase-settings.ts'
import type { Pass } from './pass.ts'
import type { RemovalDependencies } from './remove-data.ts'
import { webhookDataPartitions } from './site-partitions.ts'

const env = config(
  'TABLE_ACCESS',
  'TABLE_LIVE',
  'TABLE_RECORDS',
  'TABLE_PEOPLE',
  'TABLE_AUDIT',
  'TABLE_WEBHOOKS',
  'SOCKET_ENDPOINT',
  'STAGE',
  'BUCKET_EXPORTS',
  'QUEUE_LIVE',
  'QUEUE_RECORDS',
  'QUEUE_EVENTS',
  'DEAD_LIVE',
  'DEAD_RECORDS',
  'DEAD_EVENTS',
)
const db = documentClient()
const directory = new SiteDirectory(db, env.TABLE_ACCESS)
const keys = new KeyStore(db, env.TABLE_ACCESS)
const keyErasure = new KeyErasure(db, env.TABLE_ACCESS)
const bridges = new BridgeStore(db, env.TABLE_ACCESS)
const connections = new ConnectionStore(db, env.TABLE_LIVE)
const sockets = new Sockets(env.SOCKET_ENDPOINT)
const commands = new CommandQueues(env.STAGE)
const shared = { directory, keys, bridges, connections, sockets, commandQueues: commands }
const [lanes, events] = [new QueueDepths([env.QUEUE_LIVE, env.QUEUE_RECORDS]), new QueueDepths([env.QUEUE_EVENTS])]
const stages = [
  { depths: () => lanes.read(), quietMs: laneQuietMs },
  { depths: () => events.read(), quietMs: eventsQuietMs },
]
const deadLetters = [
  { url: env.DEAD_LIVE, name: 'live', holds: 'bodies' },
  { url: env.DEAD_RECORDS, name: 'records', holds: 'bodies' },
  { url: env.DEAD_EVENTS, name: 'events', holds: 'events' },
] as const
const signingKey = async () => createPrivateKey((await secrets()).signingKey)
const bridge = { directory, bridges, commands, signingKey, stages }
const exports = { jobs: new ExportJobStore(db, env.TABLE_RECORDS), files: new ExportFiles(env.BUCKET_EXPORTS) }
const sites = new SiteStore(db, env.TABLE_LIVE)
const removals = new RemovalStore(db, env.TABLE_ACCESS)
const numberingOf = (site: string) => readNumbering(db, env.TABLE_LIVE, site)

/** Returns the dependencies of one pass of deletions and erasures; `isOver` returns true when the pass has to stop. */
export function createDependencies(isOver: () => boolean): RemovalDependencies {
  const records = new PartitionStore(db, env.TABLE_RECORDS, isOver)
  const live = new PartitionStore(db, env.TABLE_LIVE, isOver)
  const people = new PartitionStore(db, env.TABLE_PEOPLE, isOver)
  const tables = { records, live, people, webhooks: new PartitionStore(db, env.TABLE_WEBHOOKS, isOver) }
  const cdrs = new CdrErasure(db, env.TABLE_RECORDS, isOver)
  const items = {
    records: new ItemErasure(db, env.TABLE_RECORDS, isOver),
    live: new ItemErasure(db, env.TABLE_LIVE, isOver),
  }
  // A feature that stores numbers in another place adds here how it erases one.
  const queues = deadLetters.map(({ url, ...queue }) => {
    const search = new DeadLetterSearch(url, isOver)
    const depths = new QueueDepths([url])
    const hidden = async () => (await depths.read())[0]?.inFlight ?? 0
    return { ...queue, each: search.each.bind(search), hidden }
  })
  const audit = new AuditErasure(db, env.TABLE_AUDIT, isOver)
  const webhooks = new WebhookErasure(db, env.TABLE_WEBHOOKS, dataKeys)
  const webhookItems = new ItemErasure(db, env.TABLE_WEBHOOKS, isOver)
  const others: EraseNumberDependencies['others'] = [
    { name: 'settings', erase: (site, erasing, pass) => eraseFromSettings(site, erasing, pass, { directory, sites }) },
    { name: 'key names', erase: (site, erasing, pass) => eraseFromKeyNames(site, erasing, pass, keyErasure) },
    { name: 'audit', erase: (site, erasing, pass) => eraseFromAudit(site, erasing, pass, audit, Date.now()) },
    {
      name: 'dead letters',
      erase: (site, erasing, pass) => eraseDeadLetters(site, erasing, pass, { queues, bridges, now: Date.now }),
    },
    {
      name: 'webhooks',
      erase: (site, { search }, pass) =>
        pass.step('webhooks', 'other/webhooks', (position) => webhooks.erase(site, search, position, Date.now())),
    },
    ...webhookDataPartitions('').map(({ name, pk }) => ({
      name,
      isForParties: true,
      erase: (site: string, { search }: Erasing, pass: Pass) =>
        pass.step(name, 'webhooks', (position) =>
          search.isInTexts
            ? webhookItems.erase(site + pk, search, position)
            : webhookItems.eraseParties(site + pk, search, position),
        ),
    })),
  ]
  const erasing = { numberingOf, cdrs, tables, items, others }
  return { removals, deleting: { ...shared, tables }, erasing, bridge, exports }
}
