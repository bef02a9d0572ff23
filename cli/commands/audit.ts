import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { type AuditEntry, AuditPage } from '../../contracts/routes/audit.ts'
import { callApi } from '../api.ts'
import { type Connection, connectionOf, connectionOptions } from '../config.ts'
import { print } from '../output.ts'

export const usage = `switchhook audit [--from TIME] [--to TIME] [--limit 50] [--json]
switchhook audit --export [--from TIME] [--to TIME]
    who did what, newest first; the export is all of it, a line of JSON each`

const exportPage = '500'

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...connectionOptions,
      from: { type: 'string' },
      to: { type: 'string' },
      limit: { type: 'string' },
      export: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  })
  const connection = connectionOf(values)
  const asked = { from: values.from, to: values.to, limit: values.export ? exportPage : values.limit }
  const query = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  const pages = auditPages(connection, new URLSearchParams(query))
  if (values.export) {
    for await (const entries of pages) for (const entry of entries) console.log(JSON.stringify(entry))
    return 0
  }
  const { value: first = [] } = await pages.next()
  print(first, { json: values.json, columns: ['at', 'who', 'what', 'on', 'from', 'outcome'] })
  return 0
}

/** Page after page, until there is none; the pages of 400 days at most. */
async function* auditPages(connection: Connection, query: URLSearchParams): AsyncGenerator<AuditEntry[], undefined> {
  let cursor: string | undefined
  do {
    if (cursor) query.set('cursor', cursor)
    const page = v.parse(AuditPage, await callApi(connection, 'GET', `audit?${query}`))
    yield page.entries
    cursor = page.cursor
  } while (cursor)
  return undefined
}
