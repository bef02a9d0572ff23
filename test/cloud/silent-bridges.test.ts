import { expect, onTestFinished, test } from 'vitest'
import { lastSeenRecorder } from '../../functions/queues/push-presence/last-seen.ts'
import { publishSilence } from '../../functions/queues/watch/publish-silence.ts'
import { ConnectionStore } from '../../functions/stores/connections.ts'
import { SiteStore } from '../../functions/stores/sites.ts'
import { startTables } from '../support/tables.ts'

const start = Date.parse('2026-11-24T08:00:00.000Z')

async function watchedSite() {
  const tables = await startTables()
  onTestFinished(() => tables[Symbol.asyncDispose]())
  const sites = new SiteStore(tables.db, tables.table)
  const connections = new ConnectionStore(tables.db, tables.table)
  const row = { site: 'office', keyId: 'k', scopes: ['presence:read'] }
  await connections.open('c1', row, start)
  await connections.subscribe('c1', row, 'endpoints', start)
  const told: unknown[] = []
  let now = start
  const fanOutDependencies = {
    connections,
    sockets: {
      async post(_id: string, frame: string) {
        told.push(JSON.parse(frame))
        return 'sent' as const
      },
    },
    chunks: { send: async () => undefined },
    now: () => now,
    wait: async () => undefined,
    random: () => 0,
  }
  const tickAt = async (ms: number) => {
    now = start + ms
    return publishSilence(sites, fanOutDependencies, now + 1_000)
  }
  return { sites, told, tickAt }
}
const fold = { site: 'office', entities: [], ready: undefined, heartbeat: undefined, gaps: [] }

test('notifies subscribers once that a bridge is silent, and again when it is back', async () => {
  const { sites, told, tickAt } = await watchedSite()
  const heard = lastSeenRecorder(sites)
  expect(await heard(fold, start)).toEqual({ isBack: false })
  await tickAt(20_000)
  expect(told).toEqual([])
  await tickAt(21_000)
  await tickAt(31_000)
  expect(told).toEqual([{ type: 'heard', lastHeard: '2026-11-24T08:00:00.000Z', stale: true, t: start + 21_000 }])
  expect(await heard(fold, start + 40_000)).toEqual({ isBack: true })
  // Unmarked: the function may have died before its push.
  expect(await heard(fold, start + 46_000)).toEqual({ isBack: true })
  await sites.markBackPublished('office')
  expect(await heard(fold, start + 52_000)).toEqual({ isBack: false })
  await tickAt(74_000)
  expect(told).toHaveLength(2)
})

test('does not mark a bridge as silent if it was seen between the read and the notification', async () => {
  const { sites, tickAt } = await watchedSite()
  const heard = lastSeenRecorder(sites)
  await heard(fold, start)
  const [seen] = await sites.newlySilent(start + 25_000)
  await heard(fold, start + 25_500)
  expect(await sites.markSilencePublished('office', seen?.lastHeard ?? '')).toBe(false)
  expect(await tickAt(30_000)).toEqual({ silent: 0, failed: 0 })
})

test('subscribers are notified of a report of the PBX until it is marked, and an older report never replaces a newer one', async () => {
  const { sites } = await watchedSite()
  const heard = lastSeenRecorder(sites)
  const report = (state: 'up' | 'down', seq: number) => ({
    state,
    since: `2026-11-24T08:00:0${seq}.000Z`,
    v: `1.${seq}`,
  })
  const says = ({ state, since, v }: ReturnType<typeof report>) => {
    const attributes = { specversion: '1.0' as const, id: v, source: 's', subject: 'office', time: since, v }
    const data = { run: 'r', liveCalls: [], endpoints: [], pbx: { state, since } }
    return { ...fold, ready: { ...attributes, type: 'switchhook.epoch-ready.v1' as const, data } }
  }
  const [up, down, back] = [report('up', 1), report('down', 3), report('up', 5)]
  expect(await heard(says(up), start)).toEqual({ isBack: false, pbx: up })
  // Unmarked: the function may have died before its push.
  expect(await heard(says(up), start + 100)).toEqual({ isBack: false, pbx: up })
  expect(await heard(says(down), start + 1_000)).toEqual({ isBack: false, pbx: down })
  await sites.markPbxPublished('office', down)
  expect(await heard(says({ ...down, v: '1.4' }), start + 2_000)).toEqual({ isBack: false })
  expect(await heard(says(up), start + 3_000)).toEqual({ isBack: false })
  expect((await sites.bridgeStatus('office', start + 3_000)).pbx).toEqual({ ...down, v: '1.4' })
  expect(await heard(says(back), start + 4_000)).toEqual({ isBack: false, pbx: back })
  const row = await sites.health('office')
  expect(row?.onlineSince).toBe(new Date(start).toISOString())
  await heard(fold, start + 60_000)
  expect((await sites.health('office'))?.onlineSince).toBe(new Date(start + 60_000).toISOString())
})
