import { beforeAll, expect, test } from 'vitest'
import { exportWorkbook } from '../../functions/http/exports/export-workbook.ts'
import { CallLogStore } from '../../functions/stores/call-log.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { makeCdr } from '../support/cdrs.ts'
import { readWorkbook } from '../support/workbook.ts'

/**
 * Goal: an XLSX file is whole or refused.
 * Method: a log of one record more than a file can have, and a log whose texts are too long for one answer.
 */
const rowsMax = 5_000
const memory = new MemoryTable()
const log = documentClientOver(async (command) => memory.carryOut(command))
const numbering = { country: 'FR', zone: 'Europe/Paris', language: 'fr' } as const
const listing = {
  log: new CallLogStore(log, 'records'),
  cursorKey: 'k'.repeat(32),
  numbering,
  now: () => Date.UTC(2026, 11, 31),
  personal: true,
  show: <T>(cdr: T) => cdr,
}
const query = {
  format: 'xlsx',
  preset: 'report',
  order: 'oldest',
  from: '2026-11-01T00:00:00Z',
  to: '2026-12-31T00:00:00Z',
} as const

beforeAll(async () => {
  const store = new CdrStore(log, 'records')
  for (let n = 0; n <= rowsMax; n += 1) await store.put('large', makeCdr(n), undefined, numbering)
  for (let n = 0; n < 1_600; n += 1)
    await store.put(
      'long',
      makeCdr(n, { userfield: 'u'.repeat(4_000), lastdata: 'x'.repeat(4_000) }),
      undefined,
      numbering,
    )
})

test('writes 5,000 records into one file and refuses 5,001', async () => {
  await expect(exportWorkbook('large', query, listing)).rejects.toMatchObject({
    status: 422,
    errorId: 'export-too-large',
    message: 'The search has more than 5000 records, and an XLSX file has no more. Choose a shorter period, or CSV.',
  })
  const to = `${new Date(Date.UTC(2026, 10, 23, 19, rowsMax - 1)).toISOString().slice(0, 19)}Z`
  const whole = await exportWorkbook('large', { ...query, to }, listing)
  expect([whole.rows, whole.cursor]).toEqual([rowsMax, undefined])
  const cells = await readWorkbook(whole.bytes)
  expect([cells['B5001']?.value, cells['B5002']]).toEqual(['60', undefined])
})

test('refuses records whose texts are too long for one file, and writes a part of them with a limit', async () => {
  const full = { ...query, preset: 'full' } as const
  await expect(exportWorkbook('long', full, listing)).rejects.toMatchObject({
    errorId: 'export-too-large',
    message: expect.stringMatching(/^The search has too much for one XLSX file: it was full after 1\d\d\d records/),
  })
  const part = await exportWorkbook('long', { ...full, limit: 100 }, listing)
  expect([part.rows, part.cursor]).toEqual([100, expect.any(String)])
})
