import type { ExportQuery } from '../../../contracts/routes/exports.ts'
import { partBytesMin, UploadLostError } from '../../gateways/export-files.ts'
import type { Exported } from '../../http/exports/export-cdrs.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { StoredExportJob } from '../../stores/export-jobs.ts'

export interface WriteExportsDependencies {
  jobs: {
    running(): Promise<StoredExportJob[]>
    /** Undefined if another has carried the job on meanwhile. */
    save(job: StoredExportJob, next: Partial<StoredExportJob>): Promise<StoredExportJob | undefined>
  }
  files: {
    begin(file: string, contentType: string): Promise<string>
    putPart(file: string, upload: string, part: number, body: Buffer): Promise<string>
    complete(file: string, upload: string, etags: readonly string[]): Promise<void>
  }
  /** The next rows of the job's search as text, 5,000 at most, and where it goes on. */
  read(job: StoredExportJob, query: ExportQuery): Promise<Exported>
  isOver(): boolean
  /** Unix milliseconds. */
  now: number
}

/** 10 GB, some 15 million rows as JSON lines; a job's row, with the ETag of each part, stays under a third of 400 KB. */
const partsMax = 2_000
const contentTypes = { csv: 'text/csv; charset=utf-8', jsonl: 'application/jsonl' } as const

/** Carries on each export that is under way, as far as there is time; the next invocation goes on from there. */
export async function writeExports(writing: WriteExportsDependencies): Promise<void> {
  for (const job of await writing.jobs.running()) {
    if (writing.isOver()) return
    if ((job.notBefore ?? 0) > writing.now) continue
    const { site, id } = job
    try {
      const done = await writeExport(job, writing)
      if (done) logOutcome('info', 'export', { site, id, state: done.state, rows: done.rows, parts: done.parts.length })
    } catch (error) {
      logOutcome('error', 'export-failed', { site, id, error: describeError(error) })
    }
  }
}

/**
 * One job, part by part. Whatever dies in between, the parts that were saved stay; the part after them is written again.
 * Answers the job where it has come to its end.
 */
async function writeExport(
  job: StoredExportJob,
  writing: WriteExportsDependencies,
): Promise<StoredExportJob | undefined> {
  const { jobs, files, now } = writing
  try {
    const begun = job.upload === undefined ? await begin(job, writing) : job
    const whole = begun && (await writeParts(begun, writing))
    if (!whole?.upload) return undefined
    if (!whole.whole) return jobs.save(whole, { state: 'failed', doneAt: new Date(now).toISOString() })
    await files.complete(whole.file, whole.upload, whole.parts)
    return await jobs.save(whole, { state: 'done', doneAt: new Date(now).toISOString() })
  } catch (error) {
    if (!(error instanceof UploadLostError)) throw error
    const { upload: _upload, cursor: _cursor, whole: _whole, ...rest } = job
    await jobs.save({ ...rest, turn: job.turn }, { parts: [], rows: 0, bytes: 0 })
    throw error
  }
}

async function begin(
  job: StoredExportJob,
  { jobs, files }: WriteExportsDependencies,
): Promise<StoredExportJob | undefined> {
  const upload = await files.begin(job.file, contentTypes[job.query.format ?? 'csv'])
  return jobs.save(job, { upload })
}

/** Until all rows are in parts, there are too many parts, or the time is over: then undefined. */
async function writeParts(
  begun: StoredExportJob,
  writing: WriteExportsDependencies,
): Promise<StoredExportJob | undefined> {
  const { jobs, files, isOver } = writing
  let job = begun
  while (!job.whole && job.parts.length < partsMax) {
    if (isOver() || job.upload === undefined) return undefined
    const part = await readPart(job, writing)
    const body = Buffer.from(part.text)
    const etag = await files.putPart(job.file, job.upload, job.parts.length + 1, body)
    const saved = await jobs.save(job, {
      parts: [...job.parts, etag],
      rows: job.rows + part.rows,
      bytes: job.bytes + body.length,
      cursor: part.cursor,
      whole: part.cursor === undefined,
    })
    if (!saved) return undefined
    job = saved
  }
  return job
}

/** Rows until they fill a part: 5 MiB and one more answer of 4 MB at most are in memory, however long the export is. */
async function readPart(job: StoredExportJob, writing: WriteExportsDependencies): Promise<Exported> {
  const texts: string[] = []
  let [bytes, rows, cursor] = [0, 0, job.cursor]
  // Ends with the part or the rows; a search whose answers stay empty reads 2 MB in each and comes to its end.
  for (;;) {
    const next = await writing.read(job, { ...job.query, cursor })
    texts.push(next.text)
    bytes += Buffer.byteLength(next.text)
    rows += next.rows
    cursor = next.cursor
    if (cursor === undefined || bytes >= partBytesMin) return { ...next, text: texts.join(''), rows }
  }
}
