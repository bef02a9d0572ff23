import { readFile, writeFile } from 'node:fs/promises'
import { accessTables, apiTable, errorTable } from './access-tables.ts'
import { eventTable } from './event-table.ts'
import {
  alarmTable,
  checkTable,
  configTable,
  counterTable,
  durationTable,
  logTable,
  metricTable,
  ruleTable,
} from './operate-tables.ts'
import { personalTables } from './personal-tables.ts'

/** Generated parts of documents; each is between two markers that name it. */
export const generated: readonly { file: string; part: string; make: () => string }[] = [
  { file: 'docs/access.md', part: 'access tables', make: accessTables },
  { file: 'docs/api.md', part: 'routes', make: apiTable },
  { file: 'docs/api.md', part: 'errors', make: errorTable },
  { file: 'docs/operate.md', part: 'configuration', make: configTable },
  { file: 'docs/operate.md', part: 'checks', make: checkTable },
  { file: 'docs/operate.md', part: 'metrics', make: metricTable },
  { file: 'docs/operate.md', part: 'hops', make: durationTable },
  { file: 'docs/operate.md', part: 'counters', make: counterTable },
  { file: 'docs/operate.md', part: 'log lines', make: logTable },
  { file: 'docs/operate.md', part: 'alarms', make: alarmTable },
  { file: 'docs/operate.md', part: 'rules', make: ruleTable },
  { file: 'docs/data-protection.md', part: 'personal fields', make: personalTables },
  { file: 'docs/webhooks.md', part: 'events', make: eventTable },
]

export function withPart(text: string, part: string, content: string): string {
  const [begin, end] = [`<!-- begin ${part} -->`, `<!-- end ${part} -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the markers of "${part}" are not in the document`)
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`
}

/** `npm run documents`: writes the generated parts into the documents; a test checks that they are current. */
export async function main(): Promise<void> {
  for (const { file, part, make } of generated) {
    await writeFile(file, withPart(await readFile(file, 'utf8'), part, make()))
    console.log(`${file}: ${part}`)
  }
}
