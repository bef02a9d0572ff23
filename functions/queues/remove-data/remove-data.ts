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
 * A second look is due after the last write that could have been under way: keys are remembered for 60 s by functions
 * that verify bodies, and a function runs for 10.
 */
const secondLookMs = 75_000

/** One pass over each deletion and erasure that is under way; the second pass, later, ends it with its receipt. */
export async function removeData(removing: RemovalDependencies, now: number, since = firstMonth): Promise<void> {
  for (const removal of await removing.removals.all()) {
    if (removal.passedAt !== undefined && now < removal.passedAt + secondLookMs) continue
    const { site, id, what } = removal
    try {
      await removeOne(removal, removing, { now, since })
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
  const removal: RemovalJob = { ...asked, removed: { ...asked.removed }, months: [...asked.months] }
  const { site, id, what, number, matricule, removed, months } = removal
  let found = 0
  const count = (name: string, items: number) => {
    found += items
    if (items > 0) removed[name] = (removed[name] ?? 0) + items
  }
  const note = async (month: string) => {
    months.push(month)
    await removals.save(removal)
  }
  const look = { now, since, known: new Set(asked.months), note }
  try {
    if (what === 'site') {
      await closeSite(site, deleting, count)
      removal.farewell ??= await finalExport(site, id, exports, now, now + secondLookMs)
      // Nothing is removed before it stands in the file.
      if (!removal.farewell) return await removals.save(removal)
      count('exports', await removeExports(site, exports, id))
      await emptySite(site, { ...deleting, months: look }, count)
    } else if (number !== undefined) {
      await eraseNumber(site, number, { ...erasing, months: look }, count)
      count('exports', await removeExports(site, exports))
    } else if (matricule !== undefined) {
      const { pk, sk } = keys.grade(site, matricule)
      count('grades', await deleting.tables.people.empty(pk, sk, true))
    }
  } catch (error) {
    await removals.save(removal)
    throw error
  }
  if (asked.passedAt === undefined || found > 0) return removals.save({ ...removal, passedAt: now })
  if (what === 'site') await deleting.directory.remove(site)
  await removals.finish(removal, now)
  logOutcome('info', 'removed', { site, id, what, items: Object.values(removed).reduce((sum, n) => sum + n, 0) })
}
