import type { SiteId } from '../../../contracts/names.ts'
import { describeError, logOutcome } from '../../log.ts'
import { OutOfTime } from '../../stores/partitions.ts'
import type { Removal } from '../../stores/removals.ts'
import { deleteSite, type SiteDeleting } from './delete-site.ts'
import { eraseNumber, type NumberErasing } from './erase-number.ts'

export interface Removing {
  removals: {
    all(): Promise<Removal[]>
    save(removal: Removal): Promise<void>
    finish(removal: Removal, now: number): Promise<void>
  }
  deleting: Omit<SiteDeleting, 'now' | 'directory'> & {
    directory: SiteDeleting['directory'] & { remove(site: SiteId): Promise<void> }
  }
  erasing: Omit<NumberErasing, 'now'>
}

/**
 * A second look is due after the last write that could have been under way: keys are remembered for 60 s by functions
 * that verify bodies, and a function runs for 10.
 */
const secondLookMs = 75_000

/** One pass over each deletion and erasure that is under way; the second pass, later, ends it with its receipt. */
export async function removeData(removing: Removing, now: number): Promise<void> {
  for (const removal of await removing.removals.all()) {
    const { passedAt, site, id, what } = removal
    if (passedAt !== undefined && now < passedAt + secondLookMs) continue
    const removed = { ...removal.removed }
    let found = 0
    const count = (name: string, items: number) => {
      found += items
      if (items > 0) removed[name] = (removed[name] ?? 0) + items
    }
    try {
      await pass(removal, removing, now, count)
      if (passedAt === undefined || found > 0) {
        await removing.removals.save({ ...removal, removed, passedAt: now })
        continue
      }
      if (what === 'site') await removing.deleting.directory.remove(site)
      await removing.removals.finish({ ...removal, removed }, now)
      logOutcome('info', 'removed', { site, id, what, items: Object.values(removed).reduce((sum, n) => sum + n, 0) })
    } catch (error) {
      await removing.removals.save({ ...removal, removed })
      if (error instanceof OutOfTime) return
      logOutcome('error', 'removal-failed', { site, id, what, error: describeError(error) })
    }
  }
}

async function pass(
  removal: Removal,
  { deleting, erasing }: Removing,
  now: number,
  count: (name: string, items: number) => void,
) {
  if (removal.what === 'site') await deleteSite(removal.site, { ...deleting, now }, count)
  else if (removal.number !== undefined) await eraseNumber(removal.site, removal.number, { ...erasing, now }, count)
}
