import type { SiteId } from '../../../contracts/names.ts'
import type { NumberSearch } from '../../../contracts/numbers/number-search.ts'
import { monthsBack } from '../../domain/filing.ts'
import type { Erasing } from '../../domain/personal/erasing.ts'
import type { Position } from '../../stores/position.ts'
import type { Pass } from './pass.ts'

/** No deployment is older. */
const firstEntry = '2026-01-01T00:00:00Z'

/** Replaces a number in the texts of a site's audit entries. */
export async function eraseFromAudit(
  site: SiteId,
  { search }: Erasing,
  pass: Pass,
  audit: { erase(site: SiteId, month: string, search: NumberSearch, position: Position): Promise<unknown> },
  now: number,
): Promise<void> {
  for (const month of monthsBack(firstEntry, new Date(now).toISOString())) {
    await pass.step('audit entries', `other/audit/${month}`, (position) => audit.erase(site, month, search, position))
  }
}
