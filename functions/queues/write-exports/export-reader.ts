import type { Cdr } from '../../../contracts/cdr.ts'
import { cdrShape } from '../../domain/personal/shapes.ts'
import { hide } from '../../domain/personal.ts'
import { beginOfAll, exportCdrs } from '../../http/exports/export-cdrs.ts'
import type { CallLogStore } from '../../stores/call-log.ts'
import type { cachedLocale } from '../../stores/locale.ts'
import type { WriteExportsDependencies } from './write-export.ts'

interface Sources {
  log: CallLogStore
  cursorKey: string
  localeOf: ReturnType<typeof cachedLocale>
}

/** Returns the function that reads the rows of a job's next part. */
export function exportReader({ log, cursorKey, localeOf }: Sources): WriteExportsDependencies['read'] {
  return async (job, query) => {
    const show = (cdr: Cdr) => (job.personal ? cdr : hide(cdrShape, cdr))
    const since = query.cursor === undefined ? job.everythingSince : undefined
    const cursor = since === undefined ? query.cursor : beginOfAll(job.site, since, Date.now(), cursorKey)
    // A cursor has its search. The filters are left out, since the site's numbering may have changed meanwhile.
    const { format, preset, separator, bom } = query
    return exportCdrs(job.site, cursor === undefined ? query : { format, preset, separator, bom, cursor }, {
      log,
      cursorKey,
      numbering: await localeOf(job.site),
      now: Date.now,
      personal: job.personal,
      show,
    })
  }
}
