import type { CdrFormat } from '../normalise/cdr-record.ts'
import type { Line } from '../normalise/line-splitter.ts'
import type { Check } from '../operate/checks.ts'
import { checkCdrFile } from './cdr-check.ts'
import { linesSince, reachesBefore } from './cdr-day.ts'
import { type CdrFolder, type FileStatus, realCdrFolder } from './cdr-folder.ts'

/** Where Asterisk keeps its CDRs, a file or a table, apart from the records that are sent. */
export interface CdrOrigin {
  /** As messages name it. */
  readonly name: string
  /** Reads the newest records. @throws the file system's error */
  checks(format: CdrFormat): Promise<Check[]>
  /** Changes with each record that is written. */
  version(): Promise<string>
  /** Whether records can be had at the moment, where that can change. */
  readonly connection?: Check | undefined
  /** Yields every record since a time, Unix milliseconds, and perhaps earlier ones. */
  linesSince(ms: number): AsyncIterable<Line>
  /** Whether there are records from before a time. */
  reachesBefore(ms: number): Promise<boolean>
}

/** A file that `cdr_custom` or `cdr_csv` writes, and its rotated files. */
export function fileOrigin(path: string, folder: CdrFolder = realCdrFolder): CdrOrigin {
  return {
    name: path,
    checks: (format) => checkCdrFile(path, format, folder),
    // A file that cannot be looked at has not grown; cdr-file.ts counts the error and tries again.
    version: async () => versionOf(await folder.status(path).catch(() => undefined)),
    linesSince: (ms) => linesSince(path, ms, folder),
    reachesBefore: (ms) => reachesBefore(path, ms, folder),
  }
}

function versionOf(status: FileStatus | undefined): string {
  return status ? `${status.id} ${status.size} ${status.writtenMs}` : 'absent'
}
