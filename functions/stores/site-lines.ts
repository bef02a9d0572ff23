import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { readRanges, type SiteLines } from '../domain/site-lines.ts'
import { cached } from './cached.ts'
import { Table } from './table.ts'
import { keys } from './table-keys.ts'

/** The settings of a site that name its lines. */
export const lineSettings = {
  trunks: v.optional(v.array(v.string()), []),
  extensions: v.optional(v.array(v.string()), []),
}
const LinesRow = v.looseObject({ settings: v.optional(v.looseObject(lineSettings), {}) })

/**
 * Returns a function that reads the trunks and extensions of a site's settings and remembers them for a minute. It needs no rules of
 * telephone numbers, which would double the package of a function on a live event's way.
 */
export function cachedLines(db: DynamoDBDocumentClient, table: string, now: () => number) {
  const rows = new Table(db, table)
  return cached(async (site): Promise<SiteLines> => {
    const { settings } = (await rows.get(LinesRow, keys.site(site), 'eventual')) ?? v.parse(LinesRow, {})
    return { trunks: new Set(settings.trunks), ranges: readRanges(settings.extensions), numbers: new Map() }
  }, now)
}
