import { getStats } from '../../functions/http/stats/get-stats.ts'
import type { TotalStore } from '../../functions/stores/totals.ts'

/** Returns the figures of one hour (`yyyy-mm-ddThh`, UTC) of a site, as `GET /stats` does. */
export async function countsOfHour(totals: TotalStore, site: string, hour: string): Promise<Record<string, unknown>> {
  const from = `${hour}:00:00Z`
  const to = new Date(Date.parse(from) + 3_600_000).toISOString()
  return (await getStats(site, { from, to, by: 'day' }, { totals, zone: 'UTC' })).total
}
