import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const SiteRow = v.looseObject({
  settings: v.optional(v.looseObject({ eventBusPersonal: v.optional(v.boolean(), false) })),
})

/** What a site's settings say about the deployment's event bus. */
export interface BusSettings {
  showsPersonal: boolean
}

/** Reads the settings of a site for the deployment's event bus. */
export class BusSettingsStore extends Store {
  /** Returns undefined if there is no such site. */
  async find(site: SiteId): Promise<BusSettings | undefined> {
    const row = await this.table.get(SiteRow, keys.site(site), 'consistent')
    return row && { showsPersonal: row.settings?.eventBusPersonal ?? false }
  }
}
