import * as v from 'valibot'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { SiteSettings } from '../../contracts/site.ts'
import { eventId } from '../../functions/domain/webhooks/event.ts'
import type { EventMessage } from '../../functions/gateways/event-queue.ts'
import { takeCallQuota } from '../../functions/http/placed-calls/call-quota.ts'
import { lastSeenRecorder } from '../../functions/queues/push-presence/last-seen.ts'
import { publishFreezes } from '../../functions/queues/watch/publish-freezes.ts'
import { CallFreezes } from '../../functions/stores/call-freezes.ts'
import { SiteStore } from '../../functions/stores/sites.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { killBetweenWrites, type Process } from '../support/killed-writes.ts'

/**
 * Goal: an event whose source stores a state and then sends is sent although the function is killed in between. Method: the process
 * is killed before its first write, its second and so on; sending is a write. Then what would run next runs.
 */
const now = Date.parse('2026-11-23T19:00:00Z')
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
afterAll(() => void vi.restoreAllMocks())

function world() {
  const table = new MemoryTable()
  const db = documentClientOver(async (command) => table.carryOut(command))
  const sent: EventMessage[] = []
  const webhooks = (process?: Process) => ({
    publish: async (message: EventMessage) => {
      process?.write()
      sent.push(message)
    },
  })
  const store = (process?: Process) => new CallFreezes(process?.over(db) ?? db, 't')
  return { table, db, sent, webhooks, freezes: store }
}

const settings = { ...v.parse(SiteSettings, {}), freezeOnCap: true }
const request = (site: string) => ({ site, keyId: 'k', ownKey: 'k', call: 'c', settings, rules: {}, accountRules: {} })
type World = ReturnType<typeof world>
const reachCap = (site: string, { freezes, webhooks }: World, process?: Process, at = now) =>
  takeCallQuota(
    { ...request(site), now: at },
    {
      caps: { take: async () => ({ cap: 'day', until: at + 1 }) },
      open: { add: async () => true, remove: async () => undefined, list: async () => [] },
      freezes: freezes(process),
      placed: { find: async () => undefined },
      webhooks: webhooks(process),
    },
  )
const isRefusal = (error: unknown) => {
  if (!(error instanceof Error && 'errorId' in error)) throw error
}
const sweepAt = ({ freezes, webhooks }: World, at: number) =>
  publishFreezes({ freezes: freezes(), webhooks: webhooks(), now: () => at }, Number.POSITIVE_INFINITY)
const freezeIds = ({ sent }: World) =>
  sent.flatMap(({ site, frozen }) => (frozen ? [eventId(site, 'key.frozen', frozen.key, frozen.frozenAt)] : []))

test.each([false, true])(
  'a frozen key has exactly one event however its function is killed; unfrozen before it was sent: %s',
  async (isThawed) => {
    const it = world()
    const kills = await killBetweenWrites(
      async (process, ground) => void (await reachCap(ground, it, process).catch(isRefusal)),
      async (ground) => {
        const isFrozen = await it.freezes().isFrozen(ground, 'k')
        it.sent.splice(0, it.sent.length, ...it.sent.filter(({ site }) => site === ground))
        await sweepAt(it, now + 20_000)
        if (isThawed) await it.freezes().thaw(ground, 'k')
        await sweepAt(it, now + 60_000)
        expect(new Set(freezeIds(it)).size, ground).toBe(isFrozen ? 1 : 0)
        expect(it.table.items().filter(({ pk }) => pk === 'FREEZES')).toEqual([])
        expect(await sweepAt(it, now + 120_000)).toEqual({ sent: 0, failed: 0 })
      },
    )
    expect(kills).toBe(4)
  },
)

test('a sweep leaves a freeze in progress alone, and one site that fails stops no other', async () => {
  const it = world()
  for (const site of ['first', 'second']) {
    await it.freezes().intend(site, 'k', 'minute', now)
    await it.freezes().freeze(site, 'k', now)
  }
  expect(await sweepAt(it, now + 10_000)).toEqual({ sent: 0, failed: 0 })
  const publish = async (message: EventMessage) => {
    if (message.site === 'first') throw new Error('the queue is down')
    it.sent.push(message)
  }
  const late = { freezes: it.freezes(), webhooks: { publish }, now: () => now + 60_000 }
  expect(await publishFreezes(late, Number.POSITIVE_INFINITY)).toEqual({ sent: 1, failed: 1 })
  expect(await sweepAt(it, now + 90_000)).toEqual({ sent: 1, failed: 0 })
  expect(it.sent.map(({ site, frozen }) => [site, frozen])).toEqual(
    ['second', 'first'].map((site) => [site, { key: 'k', cap: 'minute', frozenAt: '2026-11-23T19:00:00.000Z' }]),
  )
})

test('a key that is frozen, unfrozen and frozen again has two events', async () => {
  const it = world()
  await reachCap('office', it).catch(isRefusal)
  await it.freezes().thaw('office', 'k')
  await reachCap('office', it, undefined, now + 5_000).catch(isRefusal)
  expect(new Set(freezeIds(it)).size).toBe(2)
})

test('the return of a bridge is news until its event is sent, however the function is killed', async () => {
  const { db } = world()
  const fold = { entities: [], ready: undefined, heartbeat: undefined, gaps: [] }
  const seenAt = (site: string, at: number, process?: Process) =>
    lastSeenRecorder(new SiteStore(process?.over(db) ?? db, 't'))({ ...fold, site }, at)
  const kills = await killBetweenWrites(
    async (process, site) => {
      const sites = new SiteStore(db, 't')
      await seenAt(site, now)
      await sites.markSilencePublished(site, new Date(now).toISOString())
      await seenAt(site, now + 60_000, process)
      process.write()
      await new SiteStore(process.over(db), 't').markBackPublished(site)
    },
    async (site, wasKilled) => {
      expect((await seenAt(site, now + 61_000)).isBack, site).toBe(wasKilled)
      await new SiteStore(db, 't').markBackPublished(site)
      expect((await seenAt(site, now + 62_000)).isBack, site).toBe(false)
    },
  )
  expect(kills).toBeGreaterThanOrEqual(3)
})
