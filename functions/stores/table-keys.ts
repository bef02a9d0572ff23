import { fnv1a32 } from '../../contracts/fnv1a.ts'

/**
 * Every key of every table. S is a site, m is `yyyy-mm`, row is `filed#linkedid#uniqueid#sequence`.
 *
 * | table   | item            | pk                  | sk            | serves                                   |
 * |---------|-----------------|---------------------|---------------|------------------------------------------|
 * | records | time row        | S#T#m#lane          | row           | call log by period, by linkedid          |
 * | records | caller, callee  | S#A#m, S#B#m        | number#row    | call log by party                        |
 * | records | alias           | S#L#linkedid        | row           | a linkedid that does not have the time   |
 * | records | hour total      | S#H#m               | ddThh         | stats                                    |
 * | records | by line         | S#X#m               | ddThh#part    | stats by extension and trunk             |
 * | records | export job      | S#JOB               | id            | exports over 5,000 rows                  |
 * | records | export running  | EXPORTS             | S#id          | exports that are not done                |
 * | records | day verified    | S#VER               | day; run#part | `cdrs verify`; the PBX's digest of a day |
 * | records | dirty mark      | DIRTY#hash(S)%16    | S#hour        | hours to be totalled again               |
 * | live    | site            | S                   | SITE          | epoch, lanes, settings                   |
 * | live    | heartbeat       | HB#hash(S)%4        | S             | when the bridge was last seen            |
 * | live    | endpoint        | S#E                 | technology/id | snapshot, list                           |
 * | live    | live call       | S#K                 | linkedid      | snapshot                                 |
 * | live    | queue part      | S#Q                 | its id        | snapshot, list: queue, member, caller    |
 * | live    | placed call     | S#C                 | callId        | calls by API: result, as long as its CDRs|
 * | live    | idempotency     | S#I                 | keyId#sha256  | one call an idempotency key, 24 h        |
 * | live    | call caps       | S#CAP               | span#start    | calls by API of key and site             |
 * | live    | frozen key      | S#FRZ               | key id        | a key that may place no calls            |
 * | live    | freeze to tell  | FREEZES             | S#key#time    | `key.frozen` that may not be sent yet    |
 * | live    | open calls      | S#OPEN              | -             | calls by API that have not ended         |
 * | live    | time line       | S#CE#linkedid       | v of the first| what happened to a call, 30 days         |
 * | live    | connection      | N#connectionId      | -             | what to remove when it closes            |
 * | live    | requests        | S#CAP, #CAP         | 10s#end       | rate limits of keys and site             |
 * | live    | waits           | S#CAP, #CAP         | wait#start    | requests that wait, of keys and site     |
 * | live    | subscription    | S#S#topic           | connectionId  | fan-out                                  |
 * | live    | site's socket   | S#N                 | connectionId  | what to close when a key is revoked      |
 * | access  | site list       | SITES#hash(S)%4     | S             | which sites exist, and their settings    |
 * | access  | receipt         | S#RCPT              | id            | what a deletion or erasure removed       |
 * | access  | removal         | REMOVALS            | S#id          | deletions and erasures under way         |
 * | access  | key; list row   | KEY#prefix; S#KEYS  | -; prefix     | authorizer; listing                      |
 * | access  | ticket          | TK#sha256           | -             | opens one WebSocket                      |
 * | access  | bridge          | S#BRIDGE            | key id        | its code, then its key                   |
 * | people  | grade; scale    | S#G; S#GS           | matricule; -  | lookup, list, export                     |
 * | people  | failed lookups  | S#LK#who            | -             | limit of guesses                         |
 * | webhooks| webhook         | S#HOOKS             | id            | subscriptions, with their secrets        |
 * | webhooks| receiver        | S#TARGET            | webhook id    | places, rate and breaker of a receiver   |
 * | webhooks| event           | S#EVENTS            | event id      | what is sent, and that it is made once   |
 * | webhooks| delivery        | S#SENT              | webhook#ms-event | the log of deliveries, 30 days        |
 * | webhooks| seen            | S#SEEN              | endpoint; `-` | what the last event of it was about      |
 * | webhooks| fraud watch     | S#FRAUD             | -             | what is normal, and calls to the outside |
 * | webhooks| due             | DUE#hash(S)%16      | time#S#...    | retries that SQS cannot delay that long  |
 * | audit   | entry           | S#m; #m: deployment | time#id       | who did what, by time                    |
 *
 * No table has an index: each item is read by its key or by a query of its partition. Only an erasure scans a table.
 */
export const keys = {
  timeRows: (site: string, month: string, lane: number) => `${site}#T#${month}#${lane}`,
  callerRows: (site: string, month: string) => `${site}#A#${month}`,
  calleeRows: (site: string, month: string) => `${site}#B#${month}`,
  alias: (site: string, linkedid: string) => `${site}#L#${linkedid}`,
  hours: (site: string, month: string) => `${site}#H#${month}`,
  lineHours: (site: string, month: string) => `${site}#X#${month}`,
  exportJob: (site: string, id: string) => ({ pk: `${site}#JOB`, sk: id }),
  exportRunning: (site: string, id: string) => ({ pk: 'EXPORTS', sk: `${site}#${id}` }),
  exportsRunning: 'EXPORTS',
  dayVerified: (site: string, day: string) => ({ pk: `${site}#VER`, sk: day }),
  dayDigest: (site: string, run: string, part: string) => ({ pk: `${site}#VER`, sk: `${run}#${part}` }),
  dirtyShard: (shard: number) => `DIRTY#${shard}`,
  dirtyHour: (site: string, hour: string) => ({ pk: `DIRTY#${shard(site, dirtyShards)}`, sk: `${site}#${hour}` }),
  timeLine: (site: string, call: string) => `${site}#CE#${call}`,
  placedCall: (site: string, call: string) => ({ pk: `${site}#C`, sk: call }),
  idempotency: (site: string, keyId: string, sha256: string) => ({ pk: `${site}#I`, sk: `${keyId}#${sha256}` }),
  callCap: (site: string, span: string, start: number) => ({ pk: `${site}#CAP`, sk: `${span}#${start}` }),
  callFreeze: (site: string, keyId: string) => ({ pk: `${site}#FRZ`, sk: keyId }),
  freezeIntent: (site: string, keyId: string, at: string) => ({ pk: 'FREEZES', sk: `${site}#${keyId}#${at}` }),
  freezeIntents: 'FREEZES',
  openCalls: (site: string) => ({ pk: `${site}#OPEN`, sk: '-' }),
  site: (site: string) => ({ pk: site, sk: 'SITE' }),
  heartbeat: (site: string) => ({ pk: `HB#${shard(site)}`, sk: site }),
  endpoints: (site: string) => `${site}#E`,
  calls: (site: string) => `${site}#K`,
  queues: (site: string) => `${site}#Q`,
  connection: (id: string) => ({ pk: `N#${id}`, sk: '-' }),
  siteConnections: (site: string) => `${site}#N`,
  subscriptions: (site: string, topic: string) => `${site}#S#${topic}`,
  waits: (site: string | undefined, start: number) => ({ pk: `${site ?? ''}#CAP`, sk: `wait#${start}` }),
  requests: (site: string | undefined, until: number) => ({ pk: `${site ?? ''}#CAP`, sk: `10s#${until}` }),
  siteList: (site: string) => ({ pk: `SITES#${shard(site)}`, sk: site }),
  key: (prefix: string) => ({ pk: `KEY#${prefix}`, sk: '-' }),
  keyList: (site: string, prefix: string) => ({ pk: `${site}#KEYS`, sk: prefix }),
  ticket: (sha256: string) => ({ pk: `TK#${sha256}`, sk: '-' }),
  bridge: (site: string, keyId: string) => ({ pk: `${site}#BRIDGE`, sk: keyId }),
  receipts: (site: string) => `${site}#RCPT`,
  removals: 'REMOVALS',
  grade: (site: string, matricule: string) => ({ pk: `${site}#G`, sk: matricule }),
  gradeScale: (site: string) => ({ pk: `${site}#GS`, sk: '-' }),
  lookupTries: (site: string, who: string) => ({ pk: `${site}#LK#${who}`, sk: '-' }),
  webhook: (site: string, id: string) => ({ pk: `${site}#HOOKS`, sk: id }),
  webhookTarget: (site: string, id: string) => ({ pk: `${site}#TARGET`, sk: id }),
  webhookEvent: (site: string, id: string) => ({ pk: `${site}#EVENTS`, sk: id }),
  delivery: (site: string, webhook: string, id: string) => ({ pk: `${site}#SENT`, sk: `${webhook}#${id}` }),
  deliveryOrder: (site: string, webhook: string, call: string, seq: string) => ({
    pk: `${site}#ORDER`,
    sk: `${webhook}#${call}#${seq}`,
  }),
  webhookSeen: (site: string, what: string) => ({ pk: `${site}#SEEN`, sk: what }),
  fraudState: (site: string) => ({ pk: `${site}#FRAUD`, sk: '-' }),
  deliveryDue: (site: string, at: string, webhook: string, id: string) => ({
    pk: `DUE#${shard(site, dueShards)}`,
    sk: `${at}#${site}#${webhook}#${id}`,
  }),
  audit: (site: string | undefined, month: string) => `${site ?? ''}#${month}`,
}

/** Partitions of dirty marks. Each tick reads them all: 8 read units a minute while there are no marks. */
export const dirtyShards = 16
const dueShards = 16
/** Returns what a sort key of a due row is about, or undefined if it has another form. */
export function deliveryOfDue(sk: string): { site: string; webhook: string; delivery: string } | undefined {
  const [, site, webhook, delivery, ...more] = sk.split('#')
  return site && webhook && delivery && more.length === 0 ? { site, webhook, delivery } : undefined
}

/** Partitions of retries that are due later; the sweep of each minute reads them all. */
export const duePartitions: readonly string[] = Array.from({ length: dueShards }, (_, n) => `DUE#${n}`)
export const heartbeatShards: readonly string[] = Array.from({ length: 4 }, (_, n) => `HB#${n}`)
export const siteShards: readonly string[] = Array.from({ length: 4 }, (_, n) => `SITES#${n}`)

/** Spreads sites over partitions, so that no partition gets the requests of all sites. A site id is ASCII. */
function shard(site: string, shards = 4): number {
  return fnv1a32(site) % shards
}
