import { type Cdr, momentSeconds } from '../../contracts/cdr.ts'
import { splitCsvRecord } from '../../contracts/cdr-row/csv-record.ts'
import { readJsonLine } from '../../contracts/cdr-row/json-line.ts'
import { recommendedMapping } from '../../contracts/cdr-row/layout.ts'
import { secondsOfId } from '../../contracts/cdr-row/moments.ts'
import { offsetAt } from '../../contracts/zone.ts'
import { type CdrFormat, type CdrPart, cdrFormat, readCdrRecord } from '../normalise/cdr-record.ts'
import { LineSplitter } from '../normalise/line-splitter.ts'
import type { Check } from '../operate/checks.ts'
import { type CdrFolder, realCdrFolder } from './cdr-folder.ts'

/** The records at the end of the file that are read. */
const recordsMax = 50
/** Fifty records of 1 KB, which few are. */
const tailBytesMax = 65_536
/** Asterisk cuts the time of a channel to seconds, in its id and in `start`. */
const slackSeconds = 2
const quarterHour = 900
/** So many records must agree before their times count as those of another zone. */
const recordsForZone = 3

const mapping = `Put this into cdr_custom.conf, load cdr_custom.so, and set cdr.file to the file that it writes:\n${recommendedMapping}`

/**
 * Reads the last 50 records of the CDR file, and returns what the bridge understands of them. `cdr-file` fails if it can read
 * none: sending the file would put all of it into quarantine. An absent file is a warning, because Asterisk creates it with
 * its first record. `cdr-zone` fails if the times are those of another time zone.
 */
export async function checkCdrFile(
  path: string,
  format: CdrFormat,
  folder: CdrFolder = realCdrFolder,
): Promise<Check[]> {
  const tail = await readTail(path, folder)
  if (!tail) return [warning(`${path} does not exist; the bridge waits for it`, `Correct cdr.file, or: ${mapping}`)]
  return checkRecords(path, lastRecords(tail), format)
}

/** The same of records that were read already, the newest last. */
export function checkRecords(path: string, records: readonly Buffer[], format: CdrFormat): Check[] {
  if (records.length === 0) return [{ id: 'cdr-file', state: 'ok', reason: `${path} has no records yet` }]
  const parts = records.flatMap((bytes) => readCdrRecord('check', bytes, format))
  const read = parts.filter(({ line }) => line.kind === 'cdr')
  const [refusal] = parts.flatMap(({ line }) => (line.kind === 'malformed' ? [line.reason] : []))
  const [last] = read.slice(-1)
  if (!last) {
    if (refusal === undefined)
      return [{ id: 'cdr-file', state: 'ok', reason: `${path} has a header and no records yet` }]
    const reason = `none of the last ${parts.length} records of ${path} can be read: ${refusal}`
    const repair = `${mapping}or set cdr.layout to the line that cdr_custom.conf has, or to the names of the columns`
    return [{ id: 'cdr-file', state: 'failed', reason, repair }]
  }
  const understood = `${describe(last, format)}; read ${read.length} of the last ${parts.length} records`
  return [fileCheck(understood, refusal, read), ...zoneCheck(read, format)]
}

function warning(reason: string, repair: string): Check {
  return { id: 'cdr-file', state: 'warning', reason, repair }
}

function fileCheck(understood: string, refusal: string | undefined, read: readonly CdrPart[]): Check {
  if (refusal !== undefined) return warning(`${understood}; another one: ${refusal}`, mapping)
  const doubtful = read.filter(({ line }) => line.kind === 'cdr' && line.event.data.doubt !== undefined).length
  if (doubtful > 0) return warning(`${understood}, ${doubtful} of them in part`, mapping)
  return { id: 'cdr-file', state: 'ok', reason: understood }
}

/** `25 fields, CSV, Europe/Paris` or `21 fields, JSON, times with their offset`. */
function describe({ bytes }: CdrPart, format: CdrFormat): string {
  const text = bytes.toString('utf8')
  const json = readJsonLine(text)
  const fields = json.kind === 'row' ? Object.keys(json.row).length : (splitCsvRecord(text)?.length ?? 0)
  const times = isLocal(bytes, format) ? format.zone : 'times with their offset'
  if (format.isTable) return `${fields} columns, ${times}`
  return `${fields} fields, ${json.kind === 'row' ? 'JSON' : 'CSV'}, ${times}`
}

/** Whether the times of a record depend on the time zone. */
function isLocal(bytes: Buffer, { layout, isTable }: CdrFormat): boolean {
  const [east, west] = ['Etc/GMT-9', 'Etc/GMT+9'].map((zone) =>
    cdrOf(readCdrRecord('check', bytes, { ...cdrFormat({ zone, layout }), isTable })),
  )
  return east?.start !== west?.start
}

function cdrOf([part]: readonly CdrPart[]): Cdr | undefined {
  return part?.line.kind === 'cdr' ? part.line.event.data.cdr : undefined
}

/** A uniqueid holds the Unix time of its channel: its difference to `start` shows in which zone the file's times are. */
function zoneCheck(read: readonly CdrPart[], format: CdrFormat): Check[] {
  const cdrs = read.filter(({ bytes }) => isLocal(bytes, format)).flatMap((part) => cdrOf([part]) ?? [])
  if (cdrs.length === 0) return [{ id: 'cdr-zone', state: 'ok', reason: 'the times have their offset' }]
  const starts = cdrs.flatMap(({ start, uniqueid }) => {
    const made = secondsOfId(uniqueid)
    return made === undefined ? [] : [{ made, ahead: momentSeconds(start) - made }]
  })
  const quarters = new Set(starts.map(({ ahead }) => Math.round(ahead / quarterHour)))
  const [quarter = 0] = quarters
  const isShifted = starts.every(({ ahead }) => Math.abs(ahead - quarter * quarterHour) <= slackSeconds)
  if (starts.length < recordsForZone || quarters.size > 1 || !isShifted) return []
  if (quarter === 0) return [{ id: 'cdr-zone', state: 'ok', reason: `the times are those of ${format.zone}` }]
  const isUtc = starts.every(({ made, ahead }) => Math.abs(offsetAt(format.zone, made) + ahead) <= slackSeconds)
  const reason = `read as ${format.zone}, calls start ${Math.abs(quarter) / 4} h ${quarter > 0 ? 'after' : 'before'} their uniqueid was made`
  const repair = `Set cdr.zone to the time zone of Asterisk${isUtc ? ': "zone": "UTC"' : ', for example "zone": "Europe/Paris"'}`
  return [{ id: 'cdr-zone', state: 'failed', reason, repair }]
}

async function readTail(path: string, folder: CdrFolder): Promise<Buffer | undefined> {
  const file = await folder.open(path)
  if (!file) return undefined
  try {
    const { size } = await file.status()
    const buffer = Buffer.alloc(Math.min(size, tailBytesMax))
    const whole = buffer.subarray(0, await file.read(size - buffer.length, buffer))
    // The first line of a part of the file is cut.
    return size > buffer.length ? whole.subarray(whole.indexOf(0x0a) + 1) : whole
  } finally {
    await file.close()
  }
}

function lastRecords(tail: Buffer): Buffer[] {
  const splitter = new LineSplitter(0)
  const lines = [...splitter.push(tail), ...splitter.flush()]
  return lines.map(({ bytes }) => bytes).slice(-recordsMax)
}
