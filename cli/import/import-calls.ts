import { randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import * as v from 'valibot'
import { convertRow } from '../../contracts/cdr-row/table-row.ts'
import { isOwnControl } from '../../contracts/channel-name.ts'
import { type ImportResult, type ImportRow, importRowsMax } from '../../contracts/routes/imports.ts'
import type { SourceRow } from './master-csv.ts'

export interface Importer {
  /** Posts rows to the site's import route under the id of the import and returns its answer. Rejects if the API refuses or cannot be reached. */
  send(rows: readonly ImportRow[], id: string): Promise<ImportResult>
  /** Called after each batch with the counts so far. */
  progress(count: ImportCount): void
  /** Called for each row that was not stored, or stored with a remark. `at` is its index in the source, from 0. */
  report(line: { at: number; outcome: 'refused' | 'doubtful' | 'noted' | 'twice'; reason: string }): void
}
export interface ImportCount {
  read: number
  stored: number
  matched: number
  doubtful: number
  refused: number
}
/** An import keeps its id when it continues, so that its own rows are not matched against each other. */
const Resume = v.object({ source: v.string(), done: v.number(), id: v.optional(v.string()) })

/** The rows of one request. `keys` finds a row that occurs twice in it, `places` gives each row's index in the source. */
interface Batch {
  rows: ImportRow[]
  places: number[]
  keys: Set<string>
}

/**
 * Sends the rows of a source in batches. Writes the number of finished rows to `stateFile` after each batch, so that an
 * interrupted import continues there. A batch that is sent twice stores nothing the second time.
 */
export async function importCalls(
  source: { name: string; rows(skip: number): AsyncIterable<SourceRow>; zone: string },
  { stateFile, importer }: { stateFile: string | undefined; importer: Importer },
): Promise<ImportCount> {
  const { done, id = randomUUID() } = await readState(stateFile, source.name)
  const count: ImportCount = { read: done, stored: 0, matched: 0, doubtful: 0, refused: 0 }
  let batch = newBatch()
  const refuse = (at: number, reason: string) => {
    count.refused += 1
    importer.report({ at, outcome: 'refused', reason })
  }
  for await (const item of source.rows(done)) {
    if (item.at < done) continue
    count.read = item.at + 1
    const converted = 'row' in item ? convertRow(item.row, source.zone) : item
    if ('refused' in converted) refuse(item.at, converted.refused)
    else if (isOwnControl(converted.row.cdr.channel)) refuse(item.at, 'a channel of the bridge itself, and no call')
    else {
      if (converted.note !== undefined) importer.report({ at: item.at, outcome: 'noted', reason: converted.note })
      const { cdr } = converted.row
      const key = JSON.stringify([cdr.uniqueid, cdr.sequence, cdr.start, cdr.channel, cdr.dstchannel])
      if (batch.keys.has(key))
        importer.report({ at: item.at, outcome: 'twice', reason: 'the source has this row twice' })
      batch.keys.add(key)
      batch.rows.push(converted.row)
      batch.places.push(item.at)
    }
    if (batch.rows.length === importRowsMax) {
      await send(batch, count, importer, id)
      await writeState(stateFile, { source: source.name, done: count.read, id })
      batch = newBatch()
    }
  }
  await send(batch, count, importer, id)
  await writeState(stateFile, { source: source.name, done: count.read, id })
  return count
}

function newBatch(): Batch {
  return { rows: [], places: [], keys: new Set() }
}

async function send({ rows, places }: Batch, count: ImportCount, importer: Importer, id: string): Promise<void> {
  if (rows.length > 0) {
    const result = await importer.send(rows, id)
    count.stored += result.stored
    count.matched += result.matched
    count.doubtful += result.doubtful.length
    count.refused += result.refused.length
    for (const { row, reason } of result.doubtful)
      importer.report({ at: places[row] ?? 0, outcome: 'doubtful', reason })
    for (const { row, reason } of result.refused) importer.report({ at: places[row] ?? 0, outcome: 'refused', reason })
  }
  importer.progress(count)
}

type State = v.InferOutput<typeof Resume>

async function readState(file: string | undefined, source: string): Promise<Omit<State, 'source'>> {
  if (file === undefined) return { done: 0 }
  try {
    const state = v.parse(Resume, JSON.parse(await readFile(file, 'utf8')))
    return state.source === source ? state : { done: 0 }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { done: 0 }
    throw error
  }
}

/** Replaces the file by a rename: a crash leaves either the old state or the new one. */
async function writeState(file: string | undefined, state: State): Promise<void> {
  if (file === undefined) return
  await writeFile(`${file}.new`, JSON.stringify(state), { mode: 0o600 })
  await rename(`${file}.new`, file)
}
