import type { SiteId } from '../../../contracts/names.ts'
import { newJob } from '../../http/exports/request-export.ts'
import type { ExportRef, StoredExportJob } from '../../stores/export-jobs.ts'
import type { RemovalJob } from '../../stores/removals.ts'
import { firstMonth } from './months.ts'

export interface SiteExports {
  jobs: {
    create(job: StoredExportJob): Promise<void>
    get(site: SiteId, id: string): Promise<StoredExportJob | undefined>
    ofSite(site: SiteId): Promise<ExportRef[]>
    remove(job: ExportRef): Promise<void>
  }
  files: { remove(file: string, upload: string | undefined): Promise<void> }
}

/**
 * Starts the final export of a site's whole call log, or returns its file once it is complete, undefined before. The export
 * starts at `notBefore`, when all writes of the closed site have ended. If it fails, the site's data is not removed.
 */
export async function exportFinally(
  site: SiteId,
  id: string,
  { jobs }: SiteExports,
  now: number,
  notBefore: number,
): Promise<RemovalJob['finalExport']> {
  const job = await jobs.get(site, id)
  if (!job) {
    const file = `final-exports/${site}/${id}.jsonl`
    const job = newJob(site, { format: 'jsonl' }, true, now, id)
    await jobs.create({ ...job, file, everythingSince: `${firstMonth}-01T00:00:00Z`, notBefore })
    return undefined
  }
  const { state, file, rows, bytes } = job
  return state === 'done' ? { file, rows, bytes } : undefined
}

/**
 * Removes every export of a site except the one to `keep`, and returns how many there were. Finished exports may contain the
 * data that is to be erased; those under way can be requested again.
 */
export async function removeExports(site: SiteId, { jobs, files }: SiteExports, keep?: string): Promise<number> {
  const all = (await jobs.ofSite(site)).filter(({ id }) => id !== keep)
  for (const job of all) {
    await jobs.remove(job)
    // A concurrent writer fails at its next save, because the job no longer exists, and completes nothing.
    await files.remove(job.file, job.upload)
  }
  return all.length
}
