import type { SiteId } from '../../../contracts/names.ts'
import type { ExportQuery } from '../../../contracts/routes/exports.ts'
import { exportCdrs } from './export-cdrs.ts'
import { exportWorkbook } from './export-workbook.ts'
import type { ExportDependencies } from './read-export-rows.ts'

/** Returns the file that a request asks for, with the headers of the answer. */
export async function exportFile(site: SiteId, query: ExportQuery, listing: ExportDependencies) {
  const { format = 'csv' } = query
  if (format === 'xlsx') {
    const { bytes, ...file } = await exportWorkbook(site, query, listing)
    return { body: bytes, headers: headersOf(site, format, file) }
  }
  const { text, ...file } = await exportCdrs(site, { ...query, format }, listing)
  return { body: text, headers: headersOf(site, format, file) }
}

interface FileDescription {
  contentType: string
  rows: number
  cursor?: string
}

function headersOf(site: SiteId, extension: string, { contentType, rows, cursor }: FileDescription) {
  return {
    'content-type': contentType,
    'content-disposition': `attachment; filename="${site}-cdrs.${extension}"`,
    'switchhook-rows': String(rows),
    ...(cursor !== undefined && { 'switchhook-cursor': cursor }),
  }
}
