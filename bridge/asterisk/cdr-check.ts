import { open } from 'node:fs/promises'
import { recommendedMapping } from '../../contracts/cdr-row/layout.ts'
import { errorCode } from '../failure.ts'
import { type CdrFormat, readCdrRecord } from '../normalise/cdr-record.ts'
import type { Check } from '../operate/check.ts'
import { LineSplitter } from './line-splitter.ts'

/** Lines of the file that the bridge reads at its start to say what it understood. */
const linesMax = 50
/** Fifty lines of Asterisk's longest usual record, 1 KB. */
const tailBytesMax = 65_536

/**
 * Reads the last 50 records of the file. The check is `failed` if none of them can be read: sending the file would put all
 * of it into the quarantine. An absent file is a warning, since Asterisk creates it with its first call.
 */
export async function checkCdrFile(path: string, format: CdrFormat): Promise<Check> {
  const id = 'cdr-file'
  let tail: Buffer
  try {
    tail = await readTail(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    const repair = `Correct cdr.file, or let Asterisk write it: put this into cdr_custom.conf, load cdr_custom.so, and make one call.\n${recommendedMapping}`
    return { id, state: 'warning', reason: `${path} does not exist; the bridge waits for it`, repair }
  }
  const lines = lastLines(tail)
  if (lines.length === 0) return { id, state: 'ok', reason: `${path} is empty` }
  const parts = lines.flatMap((line) => readCdrRecord('check', line, format)).map(({ line }) => line)
  const read = parts.filter(({ kind }) => kind === 'cdr').length
  const malformed = parts.find((line) => line.kind === 'malformed')
  if (malformed?.kind === 'malformed' && read === 0) {
    const reason = `none of the last ${lines.length} lines of ${path} can be read: ${malformed.reason}`
    return {
      id,
      state: 'failed',
      reason,
      repair: `Put this into cdr_custom.conf and point cdr.file at its file.\n${recommendedMapping}`,
    }
  }
  const understood = `${describeFormat(lines.at(-1) ?? Buffer.alloc(0), format)}, ${read} of the last ${parts.length} lines read`
  if (!malformed) return { id, state: 'ok', reason: understood }
  const repair = `Look at the quarantine of the bridge, or use the recommended mapping.\n${recommendedMapping}`
  return { id, state: 'warning', reason: `${understood}; another one: ${malformed.reason}`, repair }
}

/** `21 fields, JSON` or `25 columns, CSV, times in Europe/Paris`. */
function describeFormat(line: Buffer, { zone }: CdrFormat): string {
  const text = line.toString('utf8')
  if (text.startsWith('{')) {
    const zoned = /"start":"[^"]*[+-]\d\d:?\d\d"/.test(text)
    return `${(text.match(/"[a-z_]+":/g) ?? []).length} fields, JSON, times ${zoned ? 'with their offset' : `in ${zone}`}`
  }
  return `CSV, times in ${zone}`
}

async function readTail(path: string): Promise<Buffer> {
  await using file = await open(path)
  const { size } = await file.stat()
  const length = Math.min(size, tailBytesMax)
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, size - length)
  const whole = buffer.subarray(0, bytesRead)
  // The first line of a part of the file is cut.
  const first = whole.indexOf(0x0a)
  return size > length && first >= 0 ? whole.subarray(first + 1) : whole
}

function lastLines(tail: Buffer): Buffer[] {
  const splitter = new LineSplitter(0)
  return splitter
    .push(tail)
    .map(({ bytes }) => bytes)
    .slice(-linesMax)
}
