import type { SiteId } from '../../../contracts/names.ts'
import { numberSearch } from '../../../contracts/numbers/number-search.ts'
import { createErasing } from '../../domain/personal/erasing.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { describeError, logOutcome } from '../../log.ts'
import { type Progress, type RemovalJob, RemovalTakenError } from '../../stores/removals.ts'
import { OutOfTimeError } from '../../stores/table.ts'
import { keys } from '../../stores/table-keys.ts'
import { askBridges, type BridgeErasureDependencies, lookAtQueues } from './bridge-erasure.ts'
import { closeSite, type DeleteSiteDependencies, emptySite } from './delete-site.ts'
import { LettersHiddenError } from './erase-dead-letters.ts'
import { type EraseNumberDependencies, eraseNumber } from './erase-number.ts'
import { exportFinally, removeExports, type SiteExports } from './final-export.ts'
import { firstMonth } from './months.ts'
import { Pass } from './pass.ts'

export interface RemovalDependencies {
  removals: {
    all(): Promise<RemovalJob[]>
    take(removal: RemovalJob, now: number): Promise<RemovalJob | undefined>
    save(removal: RemovalJob, progress: Progress): Promise<void>
    release(removal: RemovalJob): Promise<void>
    finish(removal: RemovalJob, now: number): Promise<void>
  }
  deleting: Omit<DeleteSiteDependencies, 'directory'> & {
    directory: DeleteSiteDependencies['directory'] & { remove(site: SiteId): Promise<void> }
  }
  erasing: EraseNumberDependencies & { numberingOf(site: SiteId): Promise<Numbering> }
  bridge: BridgeErasureDependencies
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
  const first = Math.floor(now / 60_000) % Math.max(1, all.length)
  for (const { site, id, what, ...rest } of [...all.slice(first), ...all.slice(0, first)]) {
    try {
      await removeOne({ site, id, what, ...rest }, dependencies, { now, since })
    } catch (error) {
      if (error instanceof OutOfTimeError) return
      const level = error instanceof RemovalTakenError ? 'warn' : 'error'
      logOutcome(level, 'removal-failed', { site, id, what, error: describeError(error) })
    }
  }
}

interface Months {
  now: number
  since: string
}

async function removeOne(listed: RemovalJob, dependencies: RemovalDependencies, months: Months): Promise<void> {
  const { removals } = dependencies
  const removal = await removals.take(listed, months.now)
  if (!removal) return
  try {
    if (await isDue(removal, dependencies, months.now)) await runPass(removal, dependencies, months)
  } finally {
    await removals.release(removal)
  }
}

/** Whether a pass is under way or has to begin. The last one begins when neither the bridge nor a queue holds the number. */
async function isDue(removal: RemovalJob, dependencies: RemovalDependencies, now: number): Promise<boolean> {
  const { removals, erasing, bridge } = dependencies
  const { site, number, passedAt, done, areQueuesEmpty } = removal
  if (number !== undefined && !areQueuesEmpty) {
    const left = await askBridges(removal, await erasing.numberingOf(site), now, bridge)
    const waitsForBridge = left.length > 0
    const isKnown = waitsForBridge === (removal.waitsForBridge ?? false) && isSame(left, removal.waitingFor)
    if (passedAt !== undefined && !isKnown) {
      await removals.save(removal, { counts: {}, waitsForBridge, waitingFor: waitsForBridge ? left : undefined })
    }
    if (passedAt !== undefined && waitsForBridge) return false
  }
  if (passedAt === undefined || done !== undefined) return true
  if (now < passedAt + secondPassMs) return false
  if (number === undefined || areQueuesEmpty) return true
  const seen = await lookAtQueues(removal, now, bridge)
  await removals.save(removal, { counts: {}, ...seen })
  return seen.areQueuesEmpty ?? false
}

function isSame(left: readonly string[], right: readonly string[] = []): boolean {
  return left.length === right.length && left.every((one, n) => one === right[n])
}

async function runPass(removal: RemovalJob, dependencies: RemovalDependencies, months: Months): Promise<void> {
  const { removals, deleting } = dependencies
  const { site, id, what, passedAt } = removal
  const pass = new Pass(removal, (progress) => removals.save(removal, progress))
  let isComplete = false
  try {
    isComplete = await removeAll(removal, pass, dependencies, months)
  } catch (error) {
    // Other removals go on meanwhile.
    if (!(error instanceof LettersHiddenError)) throw error
  } finally {
    if (!isComplete) await pass.save()
  }
  if (!isComplete) return
  if (passedAt === undefined || pass.hasFound) {
    return pass.save({ passedAt: months.now, done: undefined, at: undefined, hasFound: undefined })
  }
  await pass.save()
  if (what === 'site') await deleting.directory.remove(site)
  await removals.finish(removal, months.now)
  logOutcome('info', 'removed', { site, id, what })
}

/** Returns false if there is nothing more to do before another invocation. */
async function removeAll(
  removal: RemovalJob,
  pass: Pass,
  { deleting, erasing, exports }: RemovalDependencies,
  { now, since }: Months,
): Promise<boolean> {
  const { site, id, what, number, matricule, secret } = removal
  if (what === 'site') {
    await closeSite(site, deleting, pass.count)
    const exported = removal.finalExport ?? (await exportFinally(site, id, exports, now, now + secondPassMs))
    // Nothing is removed before the export is complete.
    if (!exported) return false
    await pass.save({ finalExport: exported })
    pass.count('exports', await removeExports(site, exports, id))
    const remember = (month: string) => pass.remember(month)
    await emptySite(site, { ...deleting, months: { now, since, known: pass.known, remember } }, pass.count)
  } else if (number !== undefined) {
    const search = numberSearch(number, await erasing.numberingOf(site))
    await eraseNumber(site, createErasing(search, secret), pass, { now, since }, erasing)
    pass.count('exports', await removeExports(site, exports))
  } else if (matricule !== undefined) {
    const { pk, sk } = keys.grade(site, matricule)
    pass.count('grades', await deleting.tables.people.empty(pk, sk, true))
  }
  return true
}
