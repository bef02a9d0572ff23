import { randomUUID } from 'node:crypto'
import type { SiteId } from '../../../contracts/names.ts'
import type { ExportJob, ExportJobQuery } from '../../../contracts/routes/exports.ts'
import { type Reader, seesPersonal } from '../../domain/personal.ts'
import { linkSeconds } from '../../gateways/export-files.ts'
import type { StoredExportJob } from '../../stores/export-jobs.ts'
import { HttpProblemError } from '../problem.ts'
import { parseSearch } from '../search/search-query.ts'

export interface ExportDependencies {
  caller: Reader
  now: number
  jobs: {
    create(job: StoredExportJob): Promise<void>
    get(site: SiteId, id: string): Promise<StoredExportJob | undefined>
  }
}

/** A job of a file in the bucket; its period ends now unless the search says otherwise, however long it takes. */
export function newJob(
  site: SiteId,
  query: ExportJobQuery,
  personal: boolean,
  now: number,
  id: string,
): StoredExportJob {
  const format = query.format ?? 'csv'
  const file = `sites/${site}/${id}/${site}-cdrs.${format}`
  const askedAt = new Date(now).toISOString()
  return { site, id, query, personal, file, state: 'running', turn: 0, rows: 0, bytes: 0, parts: [], askedAt }
}

/** Begins an export; whatever is wrong with its search is told at once. */
export async function requestExport(
  site: SiteId,
  query: ExportJobQuery,
  { caller, now, jobs, numbering }: ExportDependencies & { numbering: Parameters<typeof parseSearch>[1] },
): Promise<ExportJob> {
  const { from, to } = parseSearch(query, numbering, now)
  const job = newJob(site, { ...query, from, to }, seesPersonal(caller, 'cdrs'), now, randomUUID())
  await jobs.create(job)
  return shown(job)
}

/** Who may not see numbers is not told of a file that has them. */
export async function findExport(
  site: SiteId,
  id: string,
  { caller, now, jobs, files }: ExportDependencies & { files: { link(file: string): Promise<string> } },
): Promise<ExportJob> {
  const job = await jobs.get(site, id)
  if (!job || (job.personal && !seesPersonal(caller, 'cdrs'))) {
    throw new HttpProblemError(404, 'export-unknown', 'There is no such export, or not any more.')
  }
  if (job.state !== 'done') return shown(job)
  const linkUntil = new Date(now + 1000 * linkSeconds).toISOString()
  return { ...shown(job), link: await files.link(job.file), linkUntil }
}

function shown({ id, state, rows, bytes, askedAt, doneAt }: StoredExportJob): ExportJob {
  return { id, state, rows, bytes, askedAt, ...(doneAt !== undefined && { doneAt }) }
}
