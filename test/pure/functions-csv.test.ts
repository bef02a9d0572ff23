import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCsv } from '../../cli/import/csv.ts'
import { csvRecord, type Separator } from '../../functions/domain/csv.ts'
import { propertyRuns } from '../support/property.ts'

async function parse(text: string): Promise<string[]> {
  async function* whole() {
    yield text
  }
  for await (const record of readCsv(whole())) return 'fields' in record ? record.fields : []
  return []
}

/** Cells of a program that splits at any of these and knows no quotes. */
const naiveCells = (record: string) => record.split(/[;,\t\r\n]/).map((cell) => cell.replace(/^"+/, ''))

test('a CSV reader reads written cells back unchanged, except that a formula starts with an apostrophe', async () => {
  const start = fc.constantFrom('', '=', '+', '-', '@', '\t', 'a', '"', 'a;=', 'a;+', 'a\t@')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(start, fc.string()), { minLength: 2, maxLength: 6 }), async (cells) => {
      const texts = cells.map(([first, rest]) => (first + rest).replaceAll(/[\r\n]/g, ' '))
      const back = await parse(csvRecord(texts))
      const bare = (texts: readonly string[]) => texts.map((text) => text.replaceAll("'", ''))
      expect(bare(back)).toEqual(bare(texts))
      expect(back.filter((cell) => /^[=+\-@\t]/.test(cell) && !/^\+\d+$/.test(cell))).toEqual([])
    }),
    { numRuns: propertyRuns(300) },
  )
})

test('does not quote a negative number or a number in E.164 as a formula', () => {
  expect(csvRecord([-3, '-3', '+33612345678', '+1+2'])).toBe("-3,'-3,+33612345678,'+1+2\r\n")
})

test.each([',', ';', '\t'] satisfies Separator[])(
  'leaves no formula after another separator of a file that is separated by %j',
  (separator) => {
    const texts = [',', ';', '\t', '\n'].map((one) => `"Eve${one}=HYPERLINK(A1)" <60>`)
    const record = csvRecord(texts, separator)
    const others = [',', ';', '\t'].filter((one) => one !== separator)
    const split = naiveCells(record.replaceAll(separator, 'x'))
    expect(split.filter((cell) => /^[=+\-@]/.test(cell))).toEqual([])
    for (const other of others) expect(record).toContain(`${other}'=`)
    expect(csvRecord(['a', 'b;c', 'd,e'], separator)).toBe(`a${separator}"b;c"${separator}"d,e"\r\n`)
  },
)

test.each(['\t', '\r'])('leaves no formula behind a cell that begins with %j', (blank) => {
  expect(csvRecord([`${blank}=1`, `${blank}a`])).toBe(`"'${blank}'=1","'${blank}a"\r\n`)
})
