import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { SQSRecord } from 'aws-lambda'
import { type Lane, packBody } from '../../contracts/packed-body.ts'
import { numbering } from '../../functions/domain/phone-number.ts'
import { cachedKeys } from '../../functions/queues/open-batch.ts'
import { persistMessage } from '../../functions/queues/persist-records/persist-records.ts'
import { pushBatch } from '../../functions/queues/push-presence/push-batch.ts'
import { Tombstones } from '../../functions/queues/push-presence/tombstones.ts'
import { BridgeStore } from '../../functions/stores/bridges.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { ConnectionStore } from '../../functions/stores/connections.ts'
import { DirtyHourStore } from '../../functions/stores/dirty-hours.ts'
import { PlacedCallStore } from '../../functions/stores/placed-calls.ts'
import { PresenceStore } from '../../functions/stores/presence.ts'
import { RemovalStore } from '../../functions/stores/removals.ts'
import { SiteStore } from '../../functions/stores/sites.ts'
import { TimeLineStore } from '../../functions/stores/time-lines.ts'
import { VerifiedDayStore } from '../../functions/stores/verified-days.ts'
import { quietly } from '../simulate/presence/quietly.ts'
import { makeCdr } from '../support/cdrs.ts'
import { callFact, cdrEvent, endpointFact } from '../support/facts.ts'
import { Random } from '../support/random.ts'
import { startTables, type TestTables } from '../support/tables.ts'

const sites = ['office', 'other'] as const
const countDefault = 2_000

/** `npm run campaign -- forged-bodies [COUNT]`: checks that no forged body and no replayed body changes a row. */
export async function main([count]: string[] = []): Promise<void> {
  // The functions log one line for each body.
  const { forged, replayed, refusals } = await quietly(() => forgeBodies(Number(count ?? countDefault)))
  console.log(`${forged} forged or altered bodies changed nothing, ${replayed} replayed ones neither`, refusals)
}

interface Enrolled {
  site: string
  key: string
  privateKey: KeyObject
}

/** Throws at the first body that changes a row. Returns how many were tried, and how often each errorId occurred. */
export async function forgeBodies(count: number, seed = 5) {
  await using tables = await startTables()
  const random = new Random(seed)
  const refusals: Record<string, number> = {}
  const consume = consumer(tables, (errorId) => {
    refusals[errorId] = (refusals[errorId] ?? 0) + 1
  })
  const [office, other, revoked] = await enrolAll(tables)
  const genuine = Array.from({ length: 20 }, (_, n) => genuineBody(office, n))
  for (const { lane, body } of genuine) await consume(lane, body)
  const before = await state(tables)
  const mustBeSame = async (what: string) => {
    const after = await state(tables)
    const changed = after.find((row, n) => !isDeepStrictEqual(row, before[n])) ?? before[after.length]
    if (changed) throw new Error(`${what} changed ${JSON.stringify(changed)} (seed ${seed})`)
  }
  for (let n = 0; n < count; n++) {
    const { lane, body, how } = forgery(random, genuine, { office, other, revoked })
    await consume(lane, body)
    // Reading every row takes most of the time, so it is done after several bodies, which the error then names.
    if (n % 50 === 49 || n === count - 1) await mustBeSame(`one of the 50 forgeries up to number ${n} (last: ${how})`)
  }
  for (let n = 0; n < count; n++) {
    const { lane, body } = random.pick(genuine)
    await consume(lane, body)
    if (n % 50 === 49 || n === count - 1) await mustBeSame(`one of the 50 replays up to number ${n}`)
  }
  return { forged: count, replayed: count, refusals }
}

async function enrolAll(tables: TestTables): Promise<[Enrolled, Enrolled, Enrolled]> {
  const bridges = new BridgeStore(tables.db, tables.table)
  const enrol = async (site: string, key: string): Promise<Enrolled> => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    await bridges.putCode(site, key, { codeHash: key, createdAt: 0, createdBy: 'test', codeExpiresAt: 2 })
    await bridges.enrol(site, key, key, publicKey.export({ type: 'spki', format: 'pem' }).toString(), 1)
    return { site, key, privateKey }
  }
  const all: [Enrolled, Enrolled, Enrolled] = [
    await enrol(sites[0], 'first'),
    await enrol(sites[1], 'theirs'),
    await enrol(sites[0], 'revoked'),
  ]
  await bridges.revoke(sites[0], 'revoked', 2)
  return all
}

function pack({ site, key, privateKey }: Enrolled, lane: Lane, events: readonly unknown[]): string {
  const lines = events.map((event) => Buffer.from(JSON.stringify(event)))
  return packBody({ site, key, lane }, lines, (bytes) => sign(null, bytes, privateKey))
}

function genuineBody(by: Enrolled, n: number): { lane: Lane; body: string } {
  if (n % 2 === 0) return { lane: 'records', body: pack(by, 'records', [cdrEvent(by.site, makeCdr(n))]) }
  const facts = [endpointFact(by.site, [1, n], `58${n}`, 'INUSE'), callFact(by.site, [1, n], `pbx1-${n}.1`, 'ringing')]
  return { lane: 'live', body: pack(by, 'live', facts) }
}

/** Returns a body that no enrolled bridge of its site has signed for its queue. */
function forgery(
  random: Random,
  genuine: readonly { lane: Lane; body: string }[],
  { office, other, revoked }: Record<'office' | 'other' | 'revoked', Enrolled>,
): { lane: Lane; body: string; how: string } {
  const { lane, body } = random.pick(genuine)
  const fields = JSON.parse(body) as Record<string, unknown>
  const events = [cdrEvent('office', makeCdr(1_000 + random.below(1_000)))]
  const change = (how: string, more: Record<string, unknown>) => ({
    lane,
    how,
    body: JSON.stringify({ ...fields, ...more }),
  })
  const stranger = { ...office, privateKey: generateKeyPairSync('ed25519').privateKey }
  const flip = (text: string) => {
    const bytes = Buffer.from(text, 'base64')
    const at = random.below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    return bytes.toString('base64')
  }
  const at = random.below(body.length)
  const foreign = JSON.parse(pack(office, 'records', events)) as Record<string, unknown>
  return random.pick<() => { lane: Lane; body: string; how: string }>([
    () => change('a bit of the data', { data: flip(String(fields['data'])) }),
    () => change('a bit of the signature', { signature: flip(String(fields['signature'])) }),
    () => change('the signature of another body', { signature: foreign['signature'] }),
    () => change('the data of another body', { data: foreign['data'] }),
    () => change('the site of another', { site: other.site }),
    () => change('site and key of another', { site: other.site, key: other.key }),
    () => change('an unknown key', { key: `made-up-${at}` }),
    () => change('the key of a revoked bridge', { key: revoked.key }),
    () => change('the other lane', { lane: lane === 'live' ? 'records' : 'live' }),
    () => ({ lane: lane === 'live' ? 'records' : 'live', body, how: 'a body in the other queue' }),
    () => ({ lane: 'records', body: pack(stranger, 'records', events), how: 'a key of its own under our name' }),
    () => ({ lane: 'records', body: pack({ ...other, site: 'office' }, 'records', events), how: 'another site’s key' }),
    () => ({ lane: 'records', body: pack(revoked, 'records', events), how: 'a revoked bridge' }),
    () => ({ lane, body: body.slice(0, at), how: 'cut off' }),
    () => ({
      lane,
      body: `${body.slice(0, at)}${String.fromCharCode(33 + random.below(90))}${body.slice(at)}`,
      how: 'a character more',
    }),
    () => ({ lane, body: random.pick(['', '{}', 'null', '[]', '"x"', `{"format":${at}}`]), how: 'no body at all' }),
  ])()
}

/** Returns the two queue functions with real stores, as their handlers create them, without subscribers. */
function consumer({ db, table }: TestTables, onRefused: (errorId: string) => void) {
  const keys = cachedKeys(new BridgeStore(db, table), Date.now)
  const deadLetters = { put: async (_body: string, errorId: string) => onRefused(errorId) }
  const timeLines = new TimeLineStore(db, table)
  const placed = new PlacedCallStore(db, table)
  const persisting = {
    keys,
    deadLetters,
    timeLines,
    placed,
    log: new CdrStore(db, table),
    hours: new DirtyHourStore(db, table),
    numberingOf: async () => numbering('FR'),
    days: new VerifiedDayStore(db, table),
    removals: new RemovalStore(db, table),
    settle: async () => undefined,
    now: Date.now,
  }
  const pushing = {
    keys,
    deadLetters,
    timeLines,
    placed,
    presence: new PresenceStore(db, table),
    epochs: new SiteStore(db, table),
    connections: new ConnectionStore(db, table),
    tombstones: new Tombstones(),
    sockets: { post: async () => 'sent' as const },
    chunks: { send: async () => undefined },
    pacing: { adjust: async () => 100 },
    recordLastSeen: async () => ({ isBack: false }),
    now: Date.now,
    wait: async () => undefined,
    random: Math.random,
  }
  return async (lane: Lane, body: string) => {
    const attributes = { SentTimestamp: String(Date.now()) }
    const record = { messageId: 'm', body, attributes } as SQSRecord
    const isDone =
      lane === 'records' ? await persistMessage(record, persisting) : (await pushBatch([record], pushing)).length === 0
    if (!isDone) throw new Error('a body was neither taken nor refused')
  }
}

/** Returns every row without the attributes that only say when it was written. */
async function state(tables: TestTables): Promise<unknown[]> {
  const rows = await tables.items()
  const when = ['w', 'ttl', 'stamp', 'hops']
  const bare = rows.map((row) =>
    JSON.parse(JSON.stringify(row, (key, value) => (when.includes(key) ? undefined : value))),
  )
  return bare.sort((a, b) => `${a['pk']} ${a['sk']}`.localeCompare(`${b['pk']} ${b['sk']}`))
}
