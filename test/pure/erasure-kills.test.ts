import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, expect, test, vi } from 'vitest'
import { numberSearch } from '../../contracts/numbers/number-search.ts'
import { numbering } from '../../functions/domain/phone-number.ts'
import { requestErasure } from '../../functions/http/removals/request-removal.ts'
import { type RemovalDependencies, removeData } from '../../functions/queues/remove-data/remove-data.ts'
import { OutOfTimeError } from '../../functions/stores/table.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { type AccessWorld, accessWorld } from '../support/access-world.ts'
import { makeCdr } from '../support/cdrs.ts'
import { killBetweenWrites, type Process } from '../support/killed-writes.ts'

/**
 * Goal: an erasure that is killed between any two writes leaves each record once, without the number, and counts nothing less
 * than it removed; other rows are as they were.
 * Method: the process of each pass is killed before its first write, its second and so on; later passes complete the erasure.
 */
const number = '0612345678'
const now = Date.UTC(2026, 10, 24)
const minute = 60_000
const dialling = { country: 'FR' as const }
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
const memory = new MemoryTable()
const tables = { db: documentClientOver(async (command) => memory.carryOut(command)), table: 't' }
const world = (process?: Process) => accessWorld(tables, new Set(), process)

function dependenciesOf(site: AccessWorld): RemovalDependencies {
  const { removals, tables: partitions, directory, bridges, commandQueues: commands } = site
  const signingKey = async () => generateKeyPairSync('ed25519').privateKey
  return {
    removals,
    deleting: site,
    erasing: {
      numberingOf: async () => numbering('FR'),
      cdrs: site.erasure,
      tables: partitions,
      items: site.items,
      others: [],
    },
    bridge: { directory, bridges, commands, signingKey, stages: [] },
    exports: site.exports,
  }
}

const rowsOf = (site: string) => memory.items().filter(({ pk }) => String(pk).startsWith(`${site}#`))
const records = [
  makeCdr(1, { uniqueid: `leg-${number}`, linkedid: 'call-1', src: number, clid: `"Anna" <${number}>` }),
  makeCdr(2, { uniqueid: 'leg-2', linkedid: `call-${number}`, dst: number }),
  makeCdr(3, { uniqueid: `leg-3-${number}`, linkedid: `call-${number}`, userfield: `callback ${number}` }),
  makeCdr(4),
]
const plant = async (site: string, { cdrs }: AccessWorld) => {
  for (const cdr of records) await cdrs.put(site, cdr, undefined, dialling)
}

async function passes(site: AccessWorld, from: number, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await removeData(dependenciesOf(site), from + n * 2 * minute, '2026-10')
}

test('an erasure that is killed between any two writes stores no record twice and loses no row of another party', async () => {
  const search = numberSearch(number, dialling)
  const keysOf = (site: string) =>
    rowsOf(site)
      .filter(({ pk }) => /#[TABL]#/.test(String(pk)))
      // Replacement ids differ from one erasure to the other.
      .map(({ pk, sk }) =>
        [pk, sk]
          .map((key) =>
            String(key)
              .replace(site, 'S')
              .replace(/erased-\w+/g, 'erased'),
          )
          .join(' '),
      )
      .sort()
  const ids = new Map<string, string>()
  const sites: [string, string[]][] = []
  const kills = await killBetweenWrites(
    async (process, ground) => {
      const site = `erase-${ground}`
      await plant(site, world())
      const { id } = await requestErasure(site, { number }, { removals: world().removals, now })
      ids.set(site, id)
      await passes(world(process), now, 4)
    },
    async (ground, wasKilled) => {
      const site = `erase-${ground}`
      await passes(world(), now + 20 * minute, 4)
      const receipt = await world().removals.receipt(site, ids.get(site) ?? '')
      expect(receipt?.state, site).toBe('done')
      const left = rowsOf(site)
      expect(
        left.filter((row) => search.holds(JSON.stringify(row))),
        site,
      ).toEqual([])
      sites.push([site, keysOf(site)])
      if (!wasKilled) expect(receipt?.removed).toMatchObject({ 'call records': 3 })
    },
  )
  const [, whole = []] = sites.at(-1) ?? []
  expect(whole.filter((key) => key.startsWith('S#T#'))).toHaveLength(records.length)
  for (const [site, found] of sites) expect([site, found]).toEqual([site, whole])
  expect(kills).toBeGreaterThan(25)
})

test('a pass that has time for one row only goes on behind it, and two passes at once add up their counts', async () => {
  const site = 'slow'
  await plant(site, world())
  const { id } = await requestErasure(site, { number }, { removals: world().removals, now })
  let left = 0
  const slow = () => {
    const sound = world()
    const { erasure } = accessWorld(tables, new Set(), undefined, () => {
      left -= 1
      return left < 0
    })
    return { ...sound, erasure }
  }
  const job = async () => (await world().removals.all()).find((one) => one.site === site)
  const positions: unknown[] = []
  for (let n = 0; n < 60 && (await job())?.passedAt === undefined; n += 1) {
    left = 2
    await removeData(dependenciesOf(slow()), now + n * minute, '2026-10').catch((error: unknown) => {
      if (!(error instanceof OutOfTimeError)) throw error
    })
    positions.push((await job())?.at?.key.sk)
  }
  expect(new Set(positions.filter(Boolean)).size).toBeGreaterThan(3)
  expect((await job())?.removed).toMatchObject({ 'call records': 3 })

  const { removals } = world()
  const at = now + 90 * minute
  const [mine, stale] = [await removals.take({ site, id }, at), await removals.take({ site, id }, at + 59_000)]
  expect([mine?.id, stale]).toEqual([id, undefined])
  const later = await removals.take({ site, id }, at + minute)
  if (!mine || !later) throw new Error('the removal was not taken')
  await expect(removals.save(mine, { counts: { 'call records': 2 }, done: ['x'] })).rejects.toMatchObject({
    errorId: 'removal-taken',
  })
  await removals.save(later, { counts: { 'call records': 5, totals: 1 } })
  const { removed, done } = (await job()) ?? {}
  expect([removed, done]).toEqual([expect.objectContaining({ 'call records': 10, totals: 1 }), undefined])
})
