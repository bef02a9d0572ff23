import { createApi } from '../../client/http-client.ts'
import { type AuditEntry, auditRoutes } from '../../contracts/routes/audit.ts'
import { type SiteAccess, siteAccess } from '../connection.ts'
import { type AnyCommand, siteCommand, wholeNumber } from '../options.ts'
import { print } from '../output.ts'
import { withRetries } from '../retries.ts'

const exportPage = 500

export function addAuditCommand(program: AnyCommand): void {
  siteCommand(
    program,
    'audit',
    'show who changed what at a site, newest first',
    'audit --limit 10',
    'audit --export --from 2026-11-01T00:00:00Z > november.jsonl',
  )
    .option('--from <time>', 'entries from this time on, for example 2026-11-24T00:00:00Z')
    .option('--to <time>', 'entries up to this time')
    .option('--limit <entries>', 'how many entries to show (default: 50)', wholeNumber)
    .option('--export', 'print all entries, one line of JSON each')
    .action(async (options) => {
      const { from, to } = options
      const limit = options.export ? exportPage : options.limit
      const pages = auditPages(siteAccess(options), { from, to, limit })
      if (options.export) {
        for await (const entries of pages) for (const entry of entries) console.log(JSON.stringify(entry))
        return
      }
      const { value: first = [] } = await pages.next()
      print(first, { json: options.json, columns: ['at', 'who', 'what', 'on', 'from', 'outcome'] })
    })
}

interface AuditQuery {
  from: string | undefined
  to: string | undefined
  limit: number | undefined
}

/** Yields page after page. The cloud keeps 400 days of entries, so the pages come to an end. */
async function* auditPages(access: SiteAccess, query: AuditQuery): AsyncGenerator<AuditEntry[], undefined> {
  const api = createApi(access, auditRoutes)
  let cursor: string | undefined
  do {
    const { body } = await withRetries(() => api('GET /v1/sites/{site}/audit', { query: { ...query, cursor } }))
    yield body.entries
    cursor = body.cursor
  } while (cursor)
  return undefined
}
