import { beforeEach, expect, test } from 'vitest'
import type { BridgeEvent } from '../../contracts/events.ts'
import type { QueuePart } from '../../contracts/queues.ts'
import { formatVersion } from '../../contracts/version.ts'
import { foldPresence } from '../../functions/domain/presence-fold.ts'
import { updatePresence } from '../../functions/queues/push-presence/push-presence.ts'
import { PresenceStore } from '../../functions/stores/presence.ts'
import { SiteStore } from '../../functions/stores/sites.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'

/*
 * Goal: the cloud's live state is right about facts that arrive late, and about a bridge that starts while its PBX is down.
 * Method: the real stores over a table in memory.
 */

const site = 'office'
const now = Date.parse('2026-11-30T12:00:00.000Z')
const time = '2026-11-30T11:59:59.000Z'
const stores = () => {
  const table = new MemoryTable()
  const client = documentClientOver(async (command) => table.carryOut(command))
  return { presence: new PresenceStore(client, 'live'), epochs: new SiteStore(client, 'live') }
}
let cloud = stores()
beforeEach(() => {
  cloud = stores()
})

const common = (seq: number, epoch: number, subject: string) => ({
  specversion: '1.0' as const,
  id: `office/${epoch}/${seq}`,
  source: '/switchhook/office',
  subject,
  time,
  v: formatVersion(epoch, seq),
})
const phone = (seq: number, epoch = 5): BridgeEvent => ({
  ...common(seq, epoch, 'PJSIP/5860'),
  type: 'switchhook.endpoint.v1',
  k: seq,
  data: {
    endpoint: 'PJSIP/5860',
    technology: 'PJSIP',
    resource: '5860',
    deviceState: 'INUSE',
    reachability: 'online',
    since: time,
    number: '60',
  },
})
const call = (seq: number, epoch = 5): BridgeEvent => ({
  ...common(seq, epoch, '1.1'),
  type: 'switchhook.call.v1',
  k: seq,
  data: {
    call: '1.1',
    state: 'answered',
    caller: { number: '60', name: '' },
    dialled: '61',
    callees: [],
    startedAt: time,
  },
})
const inQueue = (seq: number, id: string, data: QueuePart, epoch = 5): BridgeEvent => ({
  ...common(seq, epoch, id),
  type: 'switchhook.queue.v1',
  k: seq,
  data,
})
const head: QueuePart = { part: 'queue', queue: '400', strategy: 'ringall' }
const member: QueuePart = {
  part: 'member',
  queue: '400',
  interface: 'PJSIP/5860',
  name: 'A',
  state: 'NOT_INUSE',
  since: time,
  penalty: 0,
  callsTaken: 0,
  membership: 'static',
}
const caller: QueuePart = {
  part: 'caller',
  queue: '400',
  uniqueid: '1.1',
  position: 1,
  number: '60',
  name: '',
  since: time,
}
const heartbeat = (epoch: number, seq: number, pbx: 'up' | 'down'): BridgeEvent => ({
  ...common(seq, epoch, site),
  type: 'switchhook.heartbeat.v1',
  data: { run: 'r', pbx, pbxSince: '2026-11-30T11:30:00.000Z', counters: {} },
})

const take = (events: BridgeEvent[], sentAt = now) =>
  updatePresence(foldPresence(site, [{ sentAt, events }]), cloud, now)
const states = async () => ({
  endpoints: (await cloud.presence.endpoints(site)).map(({ state }) => state),
  calls: (await cloud.presence.calls(site)).map(({ state }) => state),
  queues: (await cloud.presence.queues(site)).map(({ state }) => state),
})

test('queues and members whose first facts were delivered late are shown, callers and calls are not', async () => {
  const events = [
    phone(1),
    call(2),
    inQueue(3, '400', head),
    inQueue(4, '400/members/1', member),
    inQueue(5, '400/callers/1.1', caller),
  ]
  await take(events, now - 3_600_000)
  expect(await states()).toEqual({
    endpoints: [expect.objectContaining({ deviceState: 'INUSE' })],
    calls: [],
    queues: [head, member],
  })
})

test('the first heartbeat of a bridge whose PBX is down marks everything as not confirmed, once', async () => {
  const all = [
    phone(1),
    call(2),
    inQueue(3, '400', head),
    inQueue(4, '400/members/1', member),
    inQueue(5, '400/callers/1.1', caller),
  ]
  const listed = { run: 'r', liveCalls: ['1.1'], endpoints: ['PJSIP/5860'] }
  await take([...all, { ...common(6, 5, site), type: 'switchhook.epoch-ready.v1', data: listed }])
  const frames = await take([heartbeat(6, 1, 'down')])
  const since = '2026-11-30T11:30:00.000Z'
  expect(await states()).toMatchObject({
    endpoints: [{ deviceState: 'UNKNOWN', reachability: 'unknown', confirmed: false, since, number: '60' }],
    calls: [{ call: '1.1', state: 'answered', confirmed: false }],
    queues: [head, { part: 'caller', confirmed: false }, { part: 'member', state: 'UNKNOWN', confirmed: false }],
  })
  expect(frames.map((frame) => frame.type === 'delta' && [frame.topic, frame.epoch, frame.entities.length])).toEqual([
    ['endpoints', 6, 1],
    ['calls', 6, 1],
    ['queues', 6, 3],
  ])
  expect(await take([heartbeat(6, 2, 'down')])).toEqual([])
  // A fact of the earlier process that arrives now is older; the first connection replaces everything.
  await take([phone(7)])
  expect((await states()).endpoints).toMatchObject([{ confirmed: false }])
  await take([phone(1, 7)])
  expect((await states()).endpoints).toMatchObject([{ deviceState: 'INUSE' }])
  expect((await states()).endpoints[0]).not.toHaveProperty('confirmed')
})

test('a heartbeat that says up, one without a time, and one of a known epoch mark nothing', async () => {
  await take([phone(1)])
  await cloud.epochs.raiseEpoch(site, 5)
  expect(await take([heartbeat(6, 1, 'up')])).toEqual([])
  expect(await take([heartbeat(5, 9, 'down')])).toEqual([])
  const old = heartbeat(6, 1, 'down')
  if (old.type === 'switchhook.heartbeat.v1') delete old.data.pbxSince
  expect(await take([old])).toEqual([])
  expect((await states()).endpoints).toMatchObject([{ deviceState: 'INUSE' }])
})
