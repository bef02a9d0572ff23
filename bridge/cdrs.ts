import { readFile } from 'node:fs/promises'
import { CdrCheckpoint } from './asterisk/cdr-checkpoint.ts'
import { CdrFile } from './asterisk/cdr-file.ts'
import { type CdrOrigin, fileOrigin } from './asterisk/cdr-origin.ts'
import { type BridgeConfig, cdrPassword } from './config.ts'
import { connectTable } from './database/connect.ts'
import { SentLedger } from './database/sent-ledger.ts'
import { TableFollower } from './database/table-follower.ts'
import { tableOrigin } from './database/table-origin.ts'
import { errorCode } from './failure.ts'
import { cdrFormat } from './normalise/cdr-record.ts'
import type { Counters } from './operate/counters.ts'

type Database = NonNullable<BridgeConfig['cdr']['database']>

/** Opens the file or the table of call records. Throws FatalError. */
export async function openCdrs(
  { cdr, stateFolder }: Pick<BridgeConfig, 'cdr' | 'stateFolder'>,
  counters: Counters,
  undo: AsyncDisposableStack,
): Promise<{ file: CdrFile | TableFollower; origin: CdrOrigin }> {
  const { database } = cdr
  const onCount = (id: Parameters<Counters['add']>[0]) => counters.add(id)
  const file = database
    ? new TableFollower({
        name: nameOf(database),
        connect: () => connect(database),
        ledger: new SentLedger(stateFolder, JSON.stringify([database.type, database.name, database.table])),
        zone: cdrFormat(cdr).zone,
        since: database.since,
        onCount,
      })
    : new CdrFile({ path: cdr.file ?? '', checkpoint: new CdrCheckpoint(stateFolder), onCount })
  await file.open()
  undo.defer(() => file.close())
  return { file, origin: cdrOrigin(cdr, file instanceof TableFollower ? file : undefined) }
}

/** What the checks and the verification of days read, beside a running bridge too. */
export function cdrOrigin(cdr: BridgeConfig['cdr'], follower?: TableFollower): CdrOrigin {
  const { database } = cdr
  if (!database) return fileOrigin(cdr.file ?? '')
  return tableOrigin(nameOf(database), () => connect(database), cdrFormat(cdr).zone, follower)
}

function nameOf({ name, table }: Database): string {
  return `the table ${table} of the database ${name}`
}

/** Files are read for each connection, so that a new password needs no restart. */
async function connect({ passwordFile, caFile, ...address }: Database) {
  const password = passwordFile === undefined ? cdrPassword() : (await textOf(passwordFile)).replace(/\r?\n$/, '')
  const ca = caFile === undefined ? undefined : await textOf(caFile)
  return connectTable({ ...address, password, ca })
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${errorCode(cause)}`, { cause })
  }
}
