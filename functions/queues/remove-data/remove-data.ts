import type { SiteId } from '../../../contracts/names.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { RemovalJob } from '../../stores/removals.ts'
import { OutOfTimeError } from '../../stores/table.ts'
import { keys } from '../../stores/table-keys.ts'
import { closeSite, type DeleteSiteDependencies, emptySite, type Months } from './delete-site.ts'
import { type EraseNumberDependencies, eraseNumber } from './erase-number.ts'
import { finalExport, removeExports, type SiteExports } from './final-export.ts'
import { firstMonth } from './months.ts'

export interface RemovalDependencies {
  removals: {
    all(): Promise<RemovalJob[]>
    save(removal: RemovalJob): Promise<void>
    finish(removal: RemovalJob, now: number): Promise<void>
  }
  deleting: Omit<DeleteSiteDependencies, 'directory'> & {
    directory: DeleteSiteDependencies['directory'] & { remove(site: SiteId): Promise<void> }
  }
  erasing: EraseNumberDependencies
  exports: SiteExports
}

/**
 * The second pass comes after every write that was under way: functions that verify bodies remember keys for 60 s, and a
 * function runs for 10 s.
 */
const secondPassMs = 75_000

/**
 * Runs one pass of each deletion and erasure that is under way. A later second pass that finds nothing completes it. Each minute
 * another one is the first, so that none waits for ever behind one that needs all the time of an invocation.
 */
export async function removeData(dependencies: RemovalDependencies, now: number, since = firstMonth): Promise<void> {
  const all = await dependencies.removals.all()
  const due = all.filter(({ passedAt }) => passedAt === undefined || now >= passedAt + secondPassMs)
  const first = Math.floor(now / 60_000) % Math.max(1, due.length)
  for (const removal of [...due.slice(first), ...due.slice(0, first)]) {
    const { site, id, what } = removal
    try {
      await removeOne(removal, dependencies, { now, since })
    } catch (error) {
      if (error instanceof OutOfTimeError) return
      logOutcome('error', 'removal-failed', { site, id, what, error: describeError(error) })
    }
  }
}

async function removeOne(
  asked: RemovalJob,
  { removals, deleting, erasing, exports }: RemovalDependencies,
  { now, since }: Pick<Months, 'now' | 'since'>,
): Promise<void> {
  const swept = [...(asked.swept ?? [])]
  const removal: RemovalJob = { ...asked, removed: { ...asked.removed }, months: [...asked.months], swept }
  const { site, id, what, number, matricule, removed, months } = removal
  const count = (name: string, items: number) => {
    if (items === 0) return
    removal.hasFound = true
    removed[name] = (removed[name] ?? 0) + items
  }
  const remember = async (month: string) => {
    months.push(month)
    await removals.save(removal)
  }
  const scan = { now, since, known: new Set(asked.months), remember }
  // A pass over a large call log takes several invocations.
  const sweep = async (month: string) => {
    swept.push(month)
    await removals.save(removal)
  }
  try {
    if (what === 'site') {
      await closeSite(site, deleting, count)
      removal.farewell ??= await finalExport(site, id, exports, now, now + secondPassMs)
      // Nothing is removed before the export is complete.
      if (!removal.farewell) return await removals.save(removal)
      count('exports', await removeExports(site, exports, id))
      await emptySite(site, { ...deleting, months: scan }, count)
    } else if (number !== undefined) {
      const months = { ...scan, swept: new Set(asked.swept), sweep }
      await eraseNumber(site, number, { ...erasing, months }, count)
      count('exports', await removeExports(site, exports))
    } else if (matricule !== undefined) {
      const { pk, sk } = keys.grade(site, matricule)
      count('grades', await deleting.tables.people.empty(pk, sk, true))
    }
  } catch (error) {
    await removals.save(removal)
    throw error
  }
  if (asked.passedAt === undefined || removal.hasFound) {
    return removals.save({ ...removal, passedAt: now, swept: undefined, hasFound: undefined })
  }
  if (what === 'site') await deleting.directory.remove(site)
  await removals.finish(removal, now)
  logOutcome('info', 'removed', { site, id, what, items: Object.values(removed).reduce((sum, n) => sum + n, 0) })
}
