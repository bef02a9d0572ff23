import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCsv } from '../../cli/import/csv.ts'
import { csvRecord } from '../../functions/domain/csv.ts'
import { propertyRuns } from '../support/property.ts'

async function parse(text: string): Promise<string[]> {
  async function* whole() {
    yield text
  }
  for await (const record of readCsv(whole())) return 'fields' in record ? record.fields : []
  return []
}

test('writes cells that a CSV reader reads back unchanged, with formulas made text', async () => {
  const start = fc.constantFrom('', '=', '+', '-', '@', '\t', 'a', '"')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(start, fc.string()), { minLength: 2, maxLength: 6 }), async (cells) => {
      const texts = cells.map(([first, rest]) => (first + rest).replaceAll(/[\r\n]/g, ' '))
      const back = await parse(csvRecord(texts))
      expect(back.map((cell, i) => (cell === `'${texts[i]}` ? texts[i] : cell))).toEqual(texts)
      expect(back.filter((cell) => /^[=+\-@\t]/.test(cell))).toEqual([])
    }),
    { numRuns: propertyRuns(300) },
  )
})

test('does not quote a negative number as a formula', () => {
  expect(csvRecord([-3, '-3'])).toBe("-3,'-3\r\n")
})
