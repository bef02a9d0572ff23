import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { ExportQuery } from '../../contracts/routes/exports.ts'
import { exportFile } from '../../functions/http/exports/export-file.ts'
import { CallLogStore } from '../../functions/stores/call-log.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { makeCdr } from '../support/cdrs.ts'

const run = promisify(execFile)

/** A number as Asterisk stored it, and as CSV files for people have it in France and in the United States. */
const numbers = [
  ['0612345678', '06 12 34 56 78', '06 12 34 56 78'],
  ['+33612345678', '06 12 34 56 78', '011 33 6 12 34 56 78'],
  ['0033612345678', '06 12 34 56 78', '00 33 61 23 45 67 8'],
  ['+33800123456', '0 800 12 34 56', '011 33 800 12 34 56'],
  ['+12015550123', '00 1 201 555 0123', '201 555 0123'],
  ['+13125550', '00 13 12 55 50', '00 13 12 55 50'],
  ['0601', '06 01', '06 01'],
  ['123456789012345678', '12 34 56 78 90 12 34 56 78', '12 34 56 78 90 12 34 56 78'],
  ['*98', '*98', '*98'],
  ['anonymous', 'anonymous', 'anonymous'],
  ['_x0041_', '_x0041_', '_x0041_'],
  ['=1+1', "'=1+1", "'=1+1"],
  ['@SUM(1)', "'@SUM(1)", "'@SUM(1)"],
  ['-2+3', "'-2+3", "'-2+3"],
] as const

const people = [
  {
    name: 'fr-FR',
    code: '1036',
    country: 'FR',
    zone: 'Europe/Paris',
    language: 'fr',
    at: '2026-11-23 20:00:00',
    list: ';',
  },
  {
    name: 'en-US',
    code: '1033',
    country: 'US',
    zone: 'America/New_York',
    language: 'en',
    at: '2026-11-23 14:00:00',
    list: ',',
  },
] as const
type Person = (typeof people)[number]
type Cell = { type: string; text: string; isFormula: boolean }

/**
 * Goal: LibreOffice shows every number of an export as text, every time as a date by the site's clocks, every length as a number,
 * and runs no formula, in French and in English.
 * Method: exports of records with difficult numbers are converted by LibreOffice without a window, and the types of the cells of
 * what it read are compared.
 * Usage: `npm run campaign -- spreadsheets`; needs `apt-get install --no-install-recommends libreoffice-calc-nogui`.
 */
export async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'spreadsheets-'))
  try {
    for (const person of people) await check(person, path.join(folder, person.name))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function check(person: Person, folder: string): Promise<void> {
  const read = await exportsOf(person)
  await mkdir(path.join(folder, 'profile/user'), { recursive: true })
  await writeFile(path.join(folder, 'profile/user/registrymodifications.xcu'), localeOf(person.name))
  const grouped = numbers.map(([, fr, en]) => (person.language === 'fr' ? fr : en))
  for (const preset of ['report', 'full'] as const) {
    const columns = preset === 'report' ? [0, 1, 3] : [9, 1, 12]
    const workbook = await convert(folder, 'xlsx', (await read({ format: 'xlsx', preset })).body)
    compare(
      `${person.name} ${preset} xlsx`,
      workbook,
      columns,
      person.at,
      'date',
      numbers.map(([stored]) => stored),
    )
    const csv = (await read({ format: 'csv', preset })).body
    // With "detect special numbers" a time becomes a date; without, it stays the same text.
    for (const [special, timeType] of [
      ['true', 'date'],
      ['false', 'string'],
    ] as const) {
      const filter = `CSV:${person.list.charCodeAt(0)},34,76,1,,${person.code},false,${special}`
      const cells = await convert(folder, 'csv', csv, filter)
      compare(`${person.name} ${preset} csv, special numbers ${special}`, cells, columns, person.at, timeType, grouped)
    }
  }
}

/** Stores a record for each number and returns what the API would export of them for a site of this person. */
async function exportsOf({ country, zone, language }: Person) {
  const memory = new MemoryTable()
  const db = documentClientOver(async (command) => memory.carryOut(command))
  const numbering = { country, zone, language }
  const store = new CdrStore(db, 'records')
  for (const [n, [src]] of numbers.entries()) {
    const start = '2026-11-23T19:00:00+0000'
    await store.put('office', makeCdr(n, { src, start, clid: `"x;=1+1,=1+1" <${src}>` }), undefined, numbering)
  }
  const period = { order: 'oldest', from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' } as const
  const log = new CallLogStore(db, 'records')
  const listing = { log, cursorKey: 'k'.repeat(32), numbering, now: Date.now, personal: true, show: <T>(cdr: T) => cdr }
  return (query: ExportQuery) => exportFile('office', { ...period, ...query }, listing)
}

function localeOf(name: string): string {
  const item = `<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>${name}</value></prop></item>`
  return `<?xml version="1.0"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">${item}</oor:items>`
}

/** Returns the rows that LibreOffice reads from a file. */
async function convert(
  folder: string,
  extension: string,
  body: string | Uint8Array,
  filter?: string,
): Promise<Cell[][]> {
  const file = path.join(folder, `calls.${extension}`)
  await writeFile(file, body)
  const profile = `-env:UserInstallation=file://${folder}/profile`
  const how = filter === undefined ? [] : [`--infilter=${filter}`]
  await run('soffice', [profile, '--headless', ...how, '--convert-to', 'fods', '--outdir', folder, file])
  return rowsOf(await readFile(path.join(folder, 'calls.fods'), 'utf8'))
}

/** Reads the cells of flat OpenDocument XML. A cell may stand for several equal ones. */
function rowsOf(xml: string): Cell[][] {
  const table = /<table:table .*?<\/table:table>/s.exec(xml)?.[0] ?? ''
  return [...table.matchAll(/<table:table-row[^>]*>(.*?)<\/table:table-row>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<table:table-cell([^>]*?)(?:\/>|>(.*?)<\/table:table-cell>)/gs)].flatMap(
      ([, head = '', content = '']) => {
        const times = Number(/number-columns-repeated="(\d+)"/.exec(head)?.[1] ?? 1)
        const text = content
          .replace(/<text:s\/>/g, ' ')
          .replace(/<[^>]*>/g, '')
          .trim()
        const type = /office:value-type="(\w+)"/.exec(head)?.[1] ?? ''
        const cell = { type, text: plain(text), isFormula: head.includes('table:formula=') }
        return Array.from({ length: Math.min(times, 30) }, () => cell)
      },
    ),
  )
}

function plain(xml: string): string {
  return xml
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
}

function compare(
  what: string,
  rows: Cell[][],
  columns: number[],
  at: string,
  timeType: string,
  phones: readonly string[],
): void {
  const read = rows.slice(1, phones.length + 1)
  const wrong: string[] = []
  for (const [n, row] of read.entries()) {
    const [time, phone, length] = columns.map((column) => row[column])
    if (time?.type !== timeType || time.text !== at) wrong.push(`time ${JSON.stringify(time)}`)
    if (phone?.type !== 'string' || phone.text !== phones[n]) wrong.push(`${phones[n]}: ${JSON.stringify(phone)}`)
    if (length?.type !== 'float' || length.text !== '9') wrong.push(`length ${JSON.stringify(length)}`)
    if (row.some(({ isFormula }) => isFormula)) wrong.push(`formula in row ${n + 1}`)
  }
  if (read.length !== phones.length) wrong.push(`${read.length} rows of ${phones.length}`)
  console.log(`${what}: ${read.length} rows, ${wrong.length} wrong cells`)
  if (wrong.length > 0) throw new Error(`${what}\n${wrong.join('\n')}`)
}
