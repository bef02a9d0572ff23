import { expect, test } from 'vitest'
import { cdrFormat, readCdrRecord } from '../../bridge/normalise/cdr-record.ts'
import { LineSplitter } from '../../bridge/normalise/line-splitter.ts'
import type { Cdr } from '../../contracts/cdr.ts'
import { makeCdr } from '../support/cdrs.ts'
import { generatedLayouts, generateFile } from '../support/generated-cdrs.ts'
import { Random } from '../support/random.ts'

/**
 * Goal: no record is lost: those that are read and those that are listed with a reason add up to those that were written.
 * Method: generated files in every layout, with names that hold quotes, backslashes, tabs and line breaks, with missing fields
 * and cut lines, in chunks of random length. The campaign `cdr-layouts` has 10,000 records a layout, from file to queue.
 */
const seed = Number(process.env['TEST_SEED'] ?? 1)
const count = 400

function readAll(file: Buffer, random: Random) {
  const splitter = new LineSplitter(0)
  const format = cdrFormat({ zone: 'UTC' })
  const read: Cdr[] = []
  const reasons: string[] = []
  const take = (lines: { bytes: Buffer }[]) => {
    for (const { line } of lines.flatMap(({ bytes }) => readCdrRecord('lyon-1', bytes, format))) {
      if (line.kind === 'cdr') read.push(line.event.data.cdr)
      else if (line.kind === 'malformed') reasons.push(line.reason)
    }
  }
  for (let at = 0; at < file.length; ) {
    const length = 1 + random.below(random.pick([3, 700, 70_000]))
    take(splitter.push(file.subarray(at, at + length)))
    at += length
  }
  take(splitter.rest())
  return { read, reasons }
}

test.each(Object.entries(generatedLayouts))(
  'reads each of 400 generated records of the layout %s, or lists it with a reason',
  (name, write) => {
    const random = new Random(seed)
    const { bytes, cdrs } = generateFile(write, count, random)
    const { read, reasons } = readAll(bytes, random)
    expect(read.length + reasons.length).toBe(count)
    expect(reasons.every((reason) => reason.length > 0)).toBe(true)
    // About one in 33 lacks a field without which there is no CDR.
    expect(read.length).toBeGreaterThan(0.9 * count)
    const byStart = new Map(cdrs.map((cdr) => [cdr.start, cdr]))
    for (const cdr of read) {
      const source = byStart.get(cdr.start)
      expect(source, cdr.start).toBeDefined()
      // A backslash that Asterisk does not escape in JSON can be read in two ways.
      const isExact = !name.startsWith('JSON by') || !/\\/.test(source?.clid ?? '')
      if (isExact) expect(cdr.clid).toBe(source?.clid)
      expect([cdr.duration, cdr.billsec]).toEqual([source?.duration, source?.billsec])
    }
  },
)

test('reads the CSV records after a cut JSON record, and a record after a quote that is never closed', () => {
  const write = generatedLayouts['the recommended mapping']
  const json = generatedLayouts['JSON by Asterisk']
  if (!write || !json) throw new Error('no such layout')
  const row = (n: number) => ({ ...makeCdr(n) })
  const cut = json({ ...row(0), userfield: 'x'.repeat(2_000) })
  const lines = [cut, write(row(1)), write(row(2)), Buffer.from('"never closed'), write(row(3)), write(row(4))]
  const { read, reasons } = readAll(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])), new Random(1))
  // The cut record lacks its sequence.
  expect(read.map(({ sequence }) => sequence).slice(1)).toEqual([1, 2, 3, 4])
  expect(read.length + reasons.length).toBe(6)
})
