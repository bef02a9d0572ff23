import { open, rename, rm } from 'node:fs/promises'
import { Option } from '@commander-js/extra-typings'
import { exportParts } from '../../client/export-parts.ts'
import { createApi, type RequestOf } from '../../client/http-client.ts'
import { exportRoutes } from '../../contracts/routes/exports.ts'
import { type SiteAccess, siteAccess } from '../connection.ts'
import { type AnyCommand, examples, siteCommand, UsageError } from '../options.ts'
import { print } from '../output.ts'
import { withRetries } from '../retries.ts'

const route = 'GET /v1/sites/{site}/cdrs/export'
const formats = ['csv', 'jsonl', 'xlsx'] as const
const presets = ['full', 'report'] as const
const separators = ['comma', 'semicolon', 'tab'] as const

type Query = NonNullable<RequestOf<typeof route, (typeof exportRoutes)[typeof route]>['query']>
/** Where the parts of an export go. */
interface Output {
  write(part: string | Uint8Array): Promise<unknown>
}

const exportExamples = [
  'cdrs export --preset report --format xlsx --file calls.xlsx',
  'cdrs export --preset report --from 2026-11-01T00:00:00Z --to 2026-11-30T23:59:59Z --file calls.csv',
  'cdrs export --format jsonl > calls.jsonl',
]

export function addExportCommand(cdrs: AnyCommand): void {
  siteCommand(cdrs, 'export', 'write the records of a period to a file')
    .addOption(new Option('--format <format>', 'form of the file').choices(formats).default('csv' as const))
    .addOption(new Option('--preset <preset>', 'columns and forms for people').choices(presets))
    .addOption(
      new Option('--separator <separator>', 'of a CSV file; by the language of the site with a preset').choices(
        separators,
      ),
    )
    .addOption(new Option('--bom <yes|no>', 'byte order mark, which Excel needs').choices(['yes', 'no'] as const))
    .option('--from <time>', 'start of the period in UTC, for example 2026-11-01T00:00:00Z; 31 days ago by default')
    .option('--to <time>', 'end of the period in UTC; now by default')
    .option('--party <number>', 'only calls from or to this number')
    .option('--file <file>', 'file to write; standard output by default')
    .addHelpText(
      'after',
      `\nAn XLSX file has up to 5,000 records, the others any number.\n${examples(...exportExamples)}`,
    )
    .action(async (options) => {
      const { format, preset, separator, bom, from, to, party, file, json } = options
      const access = siteAccess(options)
      if (file === undefined && format === 'xlsx')
        throw new UsageError('An XLSX file is not text: add --file calls.xlsx.')
      const query = { format, preset, separator, bom, from, to, party, order: 'oldest' as const }
      if (file === undefined) await writeParts(access, query, standardOutput)
      else print({ file, rows: await writeFile(access, query, file) }, { json })
    })
}

const standardOutput: Output = {
  write: (part) =>
    new Promise((resolve, reject) => process.stdout.write(part, (error) => (error ? reject(error) : resolve(part)))),
}

/** Writes an export beside the file and renames it at the end, so that a file is always whole. */
async function writeFile(access: SiteAccess, query: Query, file: string): Promise<number> {
  const part = `${file}.part`
  await using handle = await open(part, 'w')
  try {
    const rows = await writeParts(access, query, { write: (bytes) => handle.appendFile(bytes) })
    await rename(part, file)
    return rows
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

/** Requests the export part by part, each of up to 5,000 rows, and returns the number of rows. */
async function writeParts(access: SiteAccess, query: Query, output: Output): Promise<number> {
  const api = createApi(access, exportRoutes)
  const { format, preset, separator } = query
  const read = (cursor: string | undefined) => {
    const part = cursor === undefined ? query : { format, preset, separator, cursor }
    return withRetries(() => api(route, { query: part }))
  }
  let total = 0
  for await (const { body, rows } of exportParts(read)) {
    await output.write(body)
    total += rows
  }
  return total
}
