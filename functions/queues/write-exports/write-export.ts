import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { partBytesMin, UploadLostError } from '../../gateways/export-files.ts'
import type { Exported, TextQuery } from '../../http/exports/export-cdrs.ts'
import { HttpProblemError } from '../../http/problem.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { StoredExportJob } from '../../stores/export-jobs.ts'

export interface WriteExportsDependencies {
  jobs: {
    running(): Promise<StoredExportJob[]>
    /** Returns undefined if another writer saved the job meanwhile. */
    save(job: StoredExportJob, next: Partial<StoredExportJob>): Promise<StoredExportJob | undefined>
  }
  files: {
    begin(file: string, contentType: string): Promise<string>
    putPart(file: string, upload: string, part: number, body: Buffer): Promise<string>
    complete(file: string, upload: string, etags: readonly string[]): Promise<void>
  }
  /** Reads the next rows of the job's search as text, at most 5,000, and the cursor after them. */
  read(job: StoredExportJob, query: TextQuery): Promise<Exported>
  isOver(): boolean
  /** Unix milliseconds. */
  now: number
}

/** 10 GB, some 15 million rows as JSON lines; a job's row, with the ETag of each part, stays under a third of 400 KB. */
const partsMax = 2_000
/** Compressed text that waits in the job's row: records compress to a tenth, so it is 2 MB and more. */
const restBytesMax = 200_000
const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }
const contentTypes = { csv: 'text/csv; charset=utf-8', jsonl: 'application/jsonl' } as const

/** Continues each export that is under way until the time is over; the next invocation continues from there. */
export async function writeExports(dependencies: WriteExportsDependencies): Promise<void> {
  for (const job of await dependencies.jobs.running()) {
    if (dependencies.isOver()) return
    if ((job.notBefore ?? 0) > dependencies.now) continue
    const { site, id } = job
    try {
      const done = await writeExport(job, dependencies)
      if (done) logOutcome('info', 'export', { site, id, state: done.state, rows: done.rows, parts: done.parts.length })
    } catch (error) {
      logOutcome('error', 'export-failed', { site, id, error: describeError(error) })
    }
  }
}

/**
 * Writes one job part by part. After a crash the saved parts stay, and the part after them is written again. Returns the job
 * if it has ended.
 */
async function writeExport(
  job: StoredExportJob,
  dependencies: WriteExportsDependencies,
): Promise<StoredExportJob | undefined> {
  const { jobs, files, now } = dependencies
  try {
    const begun = job.upload === undefined ? await begin(job, dependencies) : job
    const whole = begun && (await writeParts(begun, dependencies))
    if (!whole?.upload) return undefined
    if (!whole.whole) return jobs.save(whole, { state: 'failed', doneAt: new Date(now).toISOString() })
    await files.complete(whole.file, whole.upload, whole.parts)
    return await jobs.save(whole, { state: 'done', doneAt: new Date(now).toISOString() })
  } catch (error) {
    if (!mustBeginAgain(error)) throw error
    const { upload: _upload, cursor: _cursor, whole: _whole, rest: _rest, ...whatIsKept } = job
    await jobs.save({ ...whatIsKept, turn: job.turn }, { parts: [], rows: 0, bytes: 0 })
    throw error
  }
}

/** S3 has removed the unfinished upload, or an upgrade has changed what a cursor is bound to. */
function mustBeginAgain(error: unknown): boolean {
  return error instanceof UploadLostError || (error instanceof HttpProblemError && error.errorId === 'cursor-invalid')
}

async function begin(
  job: StoredExportJob,
  { jobs, files }: WriteExportsDependencies,
): Promise<StoredExportJob | undefined> {
  const upload = await files.begin(job.file, contentTypes[job.query.format ?? 'csv'])
  return jobs.save(job, { upload })
}

/** Writes parts until all rows are written or there are too many parts. Returns undefined if the time is over before. */
async function writeParts(
  begun: StoredExportJob,
  dependencies: WriteExportsDependencies,
): Promise<StoredExportJob | undefined> {
  const { jobs, files, isOver } = dependencies
  let job = begun
  while (!job.whole && job.parts.length < partsMax) {
    if (isOver() || job.upload === undefined) return undefined
    const part = await readPart(job, dependencies)
    if (!part.isFull) {
      await jobs.save(job, { cursor: part.cursor, rest: part.rest })
      return undefined
    }
    const body = Buffer.from(part.text)
    const etag = await files.putPart(job.file, job.upload, job.parts.length + 1, body)
    const saved = await jobs.save(job, {
      parts: [...job.parts, etag],
      rows: job.rows + part.rows,
      bytes: job.bytes + body.length,
      cursor: part.cursor,
      rest: undefined,
      whole: part.cursor === undefined,
    })
    if (!saved) return undefined
    job = saved
  }
  return job
}

type Part =
  | { isFull: true; text: string; rows: number; cursor: string | undefined }
  | { isFull: false; cursor: string | undefined; rest: StoredExportJob['rest'] }

/**
 * Reads rows until they fill a part, or the time is over. At most 5 MiB and one answer of 4 MB are in memory, however long the
 * export is. A search that finds little in a large call log goes on in the next invocation where this one stopped.
 */
async function readPart(job: StoredExportJob, { read, isOver }: WriteExportsDependencies): Promise<Part> {
  const texts = [job.rest ? brotliDecompressSync(job.rest.text).toString() : '']
  let [bytes, rows, cursor] = [Buffer.byteLength(texts.join('')), job.rest?.rows ?? 0, job.cursor]
  let reached: Part = { isFull: false, cursor, rest: job.rest }
  // Ends when the part is full, the rows end or the time is over.
  for (;;) {
    const next = await read(job, { ...job.query, cursor })
    texts.push(next.text)
    bytes += Buffer.byteLength(next.text)
    rows += next.rows
    cursor = next.cursor
    if (cursor === undefined || bytes >= partBytesMin) return { isFull: true, text: texts.join(''), rows, cursor }
    if (!isOver()) continue
    const text = brotliCompressSync(texts.join(''), fast)
    // More than a row of DynamoDB takes is read again in the next invocation.
    if (text.length <= restBytesMax) reached = { isFull: false, cursor, rest: { rows, text } }
    return reached
  }
}
