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
    countRunning(site: SiteId, most: number): Promise<number>
    create(job: StoredExportJob): Promise<void>
    get(site: SiteId, id: string): Promise<StoredExportJob | undefined>
  }
}

/** Returns an export job. Its period ends now unless the search sets an end, however long the export takes. */
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

/** Exports of a site that are under way at the same time: each reads the whole period, and all sites wait for their turn. */
export const exportsAtOnceMax = 10
/** One that is under way gets a turn each minute. */
const retryAfterSeconds = 60

/** Starts an export. @throws HttpProblemError 400 if the search is wrong, 429 if too many are under way */
export async function requestExport(
  site: SiteId,
  query: ExportJobQuery,
  { caller, now, jobs, numbering }: ExportDependencies & { numbering: Parameters<typeof parseSearch>[1] },
): Promise<ExportJob> {
  const { from, to } = parseSearch(query, numbering, now)
  const job = newJob(site, { ...query, from, to }, seesPersonal(caller, 'cdrs'), now, randomUUID())
  if ((await jobs.countRunning(site, exportsAtOnceMax)) >= exportsAtOnceMax) throw tooManyExports()
  await jobs.create(job)
  return shown(job)
}

function tooManyExports(): HttpProblemError {
  const detail = `The site has ${exportsAtOnceMax} exports under way, its maximum. Try again when one of them is done.`
  return new HttpProblemError(429, 'export-limit', detail, { headers: { 'retry-after': String(retryAfterSeconds) } })
}

/** Answers the progress of an export. A caller who may not see numbers gets 404 for a file that contains them. */
export async function findExport(
  site: SiteId,
  id: string,
  { caller, now, jobs, files }: ExportDependencies & { files: { link(file: string): Promise<string> } },
): Promise<ExportJob> {
  const job = await jobs.get(site, id)
  if (!job || (job.personal && !seesPersonal(caller, 'cdrs'))) {
    throw new HttpProblemError(404, 'export-unknown', 'The site has no such export, or no longer has it.')
  }
  if (job.state !== 'done') return shown(job)
  const linkUntil = new Date(now + 1000 * linkSeconds).toISOString()
  return { ...shown(job), link: await files.link(job.file), linkUntil }
}

function shown({ id, state, rows, bytes, askedAt, doneAt }: StoredExportJob): ExportJob {
  return { id, state, rows, bytes, askedAt, ...(doneAt !== undefined && { doneAt }) }
}
