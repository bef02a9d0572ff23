import { basename } from 'node:path'
import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { createApi } from '../../client/http-client.ts'
import { importRoutes } from '../../contracts/routes/imports.ts'
import { isZone } from '../../contracts/zone.ts'
import { siteAccess } from '../connection.ts'
import type { SetStatus } from '../exit-status.ts'
import { readCdrTable, tableSource } from '../import/cdr-table.ts'
import { importCalls } from '../import/import-calls.ts'
import { readMasterCsv } from '../import/master-csv.ts'
import { type AnyCommand, siteCommand, UsageError } from '../options.ts'
import { withRetries } from '../retries.ts'

export function addImportCommand(program: AnyCommand, setStatus: SetStatus): void {
  siteCommand(
    program,
    'import',
    'import the CDRs of a MySQL or MariaDB table, or of a Master.csv file',
    'import --zone Europe/Paris --from mysql://asterisk:secret@localhost/asteriskcdrdb',
    'import --zone Europe/Paris --file /var/log/asterisk/cdr-csv/Master.csv',
  )
    .requiredOption('--zone <zone>', 'time zone of the PBX: the source does not name it', zone)
    .addOption(new Option('--from <url>', 'database, as mysql://USER:PASSWORD@HOST/DATABASE').conflicts('file'))
    .option('--file <path>', 'Master.csv file, instead of a database')
    .option('--table <name>', 'table of the database', 'cdr')
    .option(
      '--state <path>',
      'file that keeps the progress, so that an interrupted import continues',
      '.switchhook-import.json',
    )
    .addHelpText(
      'after',
      '\nExits with 3 if rows are doubtful or refused. Each of them is a line of JSON on standard output.',
    )
    .action(async (options) => {
      const { from, file, table, zone, state } = options
      const api = createApi(siteAccess(options), importRoutes)
      const count = await importCalls(sourceOf({ from, file, table, zone }), {
        stateFile: state,
        importer: {
          send: async (rows, id) => {
            const body = { import: id, rows: [...rows] }
            return (await withRetries(() => api('POST /v1/sites/{site}/cdrs/import', { body }))).body
          },
          progress: ({ read, stored, matched, doubtful, refused }) =>
            console.error(
              `${read} rows read: ${stored} stored, ${matched} stored before, ${doubtful} doubtful, ${refused} refused`,
            ),
          report: ({ at, outcome, reason }) => console.log(JSON.stringify({ row: at + 1, outcome, reason })),
        },
      })
      if (count.doubtful + count.refused > 0) setStatus(3)
    })
}

function zone(text: string): string {
  if (!isZone(text)) throw new InvalidArgumentError('Expected an IANA time zone, for example Europe/Paris')
  return text
}

interface SourceOptions {
  from: string | undefined
  file: string | undefined
  table: string
  zone: string
}

function sourceOf({ from, file, table, zone }: SourceOptions) {
  if (file !== undefined) return { name: `file ${basename(file)} ${zone}`, rows: () => readMasterCsv(file), zone }
  if (from === undefined) throw new UsageError('Give either --from with a database or --file with a Master.csv file.')
  const source = tableSource(from, table)
  return { name: `table ${table} ${zone}`, rows: (skip: number) => readCdrTable(source, skip), zone }
}
