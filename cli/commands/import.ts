import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { isZone } from '../../contracts/zone.ts'
import { callApi } from '../api.ts'
import { connectionOf, UsageError } from '../config.ts'
import { readCdrTable } from '../import/cdr-table.ts'
import { importCalls } from '../import/import-calls.ts'
import { readMasterCsv } from '../import/master-csv.ts'

export const usage = `switchhook import --zone ZONE (--from mysql://USER:PASSWORD@HOST/DATABASE [--table cdr] | --file Master.csv)
    --zone   the PBX's time zone, as Europe/Paris: its tables and files do not say
    --state  keeps how far it is, so that a cut import goes on (default .switchhook-import.json)`

/** Exit status 0 when every row was taken or was there already, 3 when some were doubtful or refused. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      api: { type: 'string' },
      site: { type: 'string' },
      key: { type: 'string' },
      from: { type: 'string' },
      file: { type: 'string' },
      table: { type: 'string', default: 'cdr' },
      zone: { type: 'string' },
      state: { type: 'string', default: '.switchhook-import.json' },
    },
  })
  const { from, file, table, zone, state } = values
  if (!zone || (from === undefined) === (file === undefined)) throw new UsageError(usage)
  if (!isZone(zone)) throw new UsageError(`${zone} is no time zone; give one as Europe/Paris`)
  const connection = connectionOf(values)
  const source =
    file !== undefined
      ? { name: `file ${basename(file)} ${zone}`, rows: () => readMasterCsv(file), zone }
      : { name: `table ${table} ${zone}`, rows: (skip: number) => readCdrTable({ url: from ?? '', table }, skip), zone }
  const count = await importCalls(source, {
    stateFile: state,
    importer: {
      send: (rows) => callApi(connection, 'POST', 'cdrs/import', { rows }),
      progress: ({ read, stored, matched, doubtful, refused }) =>
        console.error(
          `${read} rows read: ${stored} stored, ${matched} known, ${doubtful} doubtful, ${refused} refused`,
        ),
      report: ({ at, outcome, reason }) => console.log(JSON.stringify({ row: at + 1, outcome, reason })),
    },
  })
  return count.doubtful + count.refused > 0 ? 3 : 0
}
