import type { SiteId } from '../../../contracts/names.ts'
import { newJob } from '../../http/exports/request-export.ts'
import type { StoredExportJob } from '../../stores/export-jobs.ts'
import type { RemovalJob } from '../../stores/removals.ts'
import { firstMonth } from './months.ts'

export interface SiteExports {
  jobs: {
    create(job: StoredExportJob): Promise<void>
    get(site: SiteId, id: string): Promise<StoredExportJob | undefined>
    ofSite(site: SiteId): Promise<StoredExportJob[]>
    remove(job: StoredExportJob): Promise<void>
  }
  files: { remove(file: string, upload: string | undefined): Promise<void> }
}

/**
 * The whole call log in a file of its own, begun once nobody can write any more and those who could are done. Undefined
 * until it is whole; an export that failed keeps the site from being emptied.
 */
export async function finalExport(
  site: SiteId,
  id: string,
  { jobs }: SiteExports,
  now: number,
  notBefore: number,
): Promise<RemovalJob['farewell']> {
  const job = await jobs.get(site, id)
  if (!job) {
    const file = `farewell/${site}/${id}.jsonl`
    const job = newJob(site, { format: 'jsonl' }, true, now, id)
    await jobs.create({ ...job, file, everythingSince: `${firstMonth}-01T00:00:00Z`, notBefore })
    return undefined
  }
  const { state, file, rows, bytes } = job
  return state === 'done' ? { file, rows, bytes } : undefined
}

/**
 * Takes away every export of a site but its farewell: done ones, which may hold what is to be forgotten, and those under
 * way, which can be asked for again. Answers how many there were.
 */
export async function removeExports(site: SiteId, { jobs, files }: SiteExports, keep?: string): Promise<number> {
  const all = (await jobs.ofSite(site)).filter(({ id }) => id !== keep)
  for (const job of all) {
    await jobs.remove(job)
    // A writer that is at it now finds its job gone at its next save, and completes nothing.
    await files.remove(job.file, job.upload)
  }
  return all.length
}
