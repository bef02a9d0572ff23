import { Topic } from '../../../contracts/frames.ts'
import { lane } from '../../stores/cdrs.ts'
import { dirtyShards, keys } from '../../stores/table-keys.ts'

/**
 * A partition, or a part of one, that has data of a site. A feature that stores data of a site in another partition adds it to
 * the lists below. The audit log is not among them, since entries of its table cannot be removed.
 */
export interface SitePartition {
  table: 'records' | 'live' | 'people' | 'webhooks'
  name: string
  pk: string
  /** Prefix of the sort keys, in a partition that sites share. It ends in `#`, since one site id may begin with another. */
  prefix?: string
  /** Sort key, if only this item belongs to the site. */
  sk?: string
}

export function livePartitions(site: string): SitePartition[] {
  const part = (name: string, pk: string): SitePartition => ({ table: 'live', name, pk })
  return [
    part('site', keys.site(site).pk),
    { ...part('heartbeat', keys.heartbeat(site).pk), sk: site },
    part('endpoints', keys.endpoints(site)),
    part('live calls', keys.calls(site)),
    part('queues', keys.queues(site)),
    part('rate limits', keys.requests(site, 0).pk),
    part('calls by API', keys.placedCall(site, '').pk),
    part('idempotency keys', keys.idempotency(site, '', '').pk),
    part('frozen keys', keys.callFreeze(site, '').pk),
    part('open calls', keys.openCalls(site).pk),
    ...Topic.options.map((topic) => part('subscriptions', keys.subscriptions(site, topic))),
    part('sockets', keys.siteConnections(site)),
  ]
}

/** Partitions of a month. Time rows are the last: a later pass needs them to find the items that are stored under a call. */
export function monthPartitions(site: string, month: string): SitePartition[] {
  const part = (name: string, pk: string): SitePartition => ({ table: 'records', name, pk })
  return [
    part('caller rows', keys.callerRows(site, month)),
    part('callee rows', keys.calleeRows(site, month)),
    part('hour totals', keys.hours(site, month)),
    part('line totals', keys.lineHours(site, month)),
    part('call records', keys.timeRows(site, month, lane)),
  ]
}

/** Partitions of a call, by its linkedid. */
export function callPartitions(site: string, linkedid: string): SitePartition[] {
  return [
    { table: 'records', name: 'aliases', pk: keys.alias(site, linkedid) },
    { table: 'live', name: 'time lines', pk: keys.timeLine(site, linkedid) },
  ]
}

/** What webhooks have sent and will send. Retries that are due later hold no data of the site: they expire, or find no delivery. */
export function webhookDataPartitions(site: string): SitePartition[] {
  return [
    webhookPart('webhook receivers', keys.webhookTarget(site, '').pk),
    webhookPart('webhook events', keys.webhookEvent(site, '').pk),
    webhookPart('webhook deliveries', keys.delivery(site, '', '').pk),
    webhookPart('webhook order', keys.deliveryOrder(site, '', '', '').pk),
    webhookPart('webhook states', keys.webhookSeen(site, '').pk),
    webhookPart('fraud watch', keys.fraudState(site).pk),
  ]
}

function webhookPartitions(site: string): SitePartition[] {
  return [webhookPart('webhooks', keys.webhook(site, '').pk), ...webhookDataPartitions(site)]
}

function webhookPart(name: string, pk: string): SitePartition {
  return { table: 'webhooks', name, pk }
}

export function otherPartitions(site: string): SitePartition[] {
  const shards = Array.from({ length: dirtyShards }, (_, shard) => shard)
  return [
    { table: 'records', name: 'export jobs', pk: keys.exportJob(site, '').pk },
    { table: 'records', name: 'verified days', pk: keys.dayVerified(site, '').pk },
    // Windows of failed lookups expire by themselves within a day.
    { table: 'people', name: 'grades', pk: keys.grade(site, '').pk },
    { table: 'people', name: 'grade scale', pk: keys.gradeScale(site).pk },
    ...webhookPartitions(site),
    ...shards.map(
      (shard): SitePartition => ({
        table: 'records',
        name: 'dirty hours',
        pk: keys.dirtyShard(shard),
        prefix: `${site}#`,
      }),
    ),
  ]
}
