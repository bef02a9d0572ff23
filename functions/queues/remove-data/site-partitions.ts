import { Topic } from '../../../contracts/frames.ts'
import { lane } from '../../stores/cdrs.ts'
import { dirtyShards, keys } from '../../stores/table-keys.ts'

/**
 * Every partition of a site, by table; a feature that keeps something of a site elsewhere adds its line here. The audit
 * stays: its table lets nothing be removed.
 */
export interface Part {
  table: 'records' | 'live' | 'people'
  name: string
  pk: string
  /** Only what begins so, in a partition that sites share; it ends in `#`, as one site's name may begin another's. */
  prefix?: string
  /** Only this item of it. */
  sk?: string
}

export function livePartitions(site: string): Part[] {
  const part = (name: string, pk: string): Part => ({ table: 'live', name, pk })
  return [
    part('site', keys.site(site).pk),
    { ...part('heartbeat', keys.heartbeat(site).pk), sk: site },
    part('endpoints', keys.endpoints(site)),
    part('live calls', keys.calls(site)),
    part('rate limits', keys.requests(site, 0).pk),
    part('calls by API', keys.placedCall(site, '').pk),
    part('idempotency keys', keys.idempotency(site, '', '').pk),
    part('frozen keys', keys.callFreeze(site, '').pk),
    part('open calls', keys.openCalls(site).pk),
    ...Topic.options.map((topic) => part('subscriptions', keys.subscriptions(site, topic))),
    part('sockets', keys.siteConnections(site)),
  ]
}

/** What is kept by month, time rows last: they lead to what is kept by call, should a pass end in between. */
export function monthPartitions(site: string, month: string): Part[] {
  const part = (name: string, pk: string): Part => ({ table: 'records', name, pk })
  return [
    part('caller rows', keys.callerRows(site, month)),
    part('callee rows', keys.calleeRows(site, month)),
    part('hour totals', keys.hours(site, month)),
    part('line totals', keys.lineHours(site, month)),
    part('call records', keys.timeRows(site, month, lane)),
  ]
}

/** What is kept by call, under its linkedid. */
export function callPartitions(site: string, linkedid: string): Part[] {
  return [
    { table: 'records', name: 'aliases', pk: keys.alias(site, linkedid) },
    { table: 'live', name: 'time lines', pk: keys.timeLine(site, linkedid) },
  ]
}

export function otherPartitions(site: string): Part[] {
  const shards = Array.from({ length: dirtyShards }, (_, shard) => shard)
  return [
    { table: 'records', name: 'export jobs', pk: keys.exportJob(site, '').pk },
    { table: 'records', name: 'verified days', pk: keys.dayVerified(site, '').pk },
    // Who failed too often is forgotten by itself, within a day.
    { table: 'people', name: 'grades', pk: keys.grade(site, '').pk },
    { table: 'people', name: 'grade scale', pk: keys.gradeScale(site).pk },
    ...shards.map(
      (shard): Part => ({ table: 'records', name: 'dirty hours', pk: keys.dirtyShard(shard), prefix: `${site}#` }),
    ),
  ]
}
