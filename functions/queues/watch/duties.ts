import { config } from '../../config.ts'
import { DirtyHourStore } from '../../stores/dirty-hours.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { documentClient } from '../../stores/table.ts'
import { TotalStore } from '../../stores/totals.ts'
import { rollUp } from './roll-up.ts'
import type { Duty } from './tick.ts'

const env = config('TABLE_RECORDS', 'TABLE_LIVE')
const db = documentClient()
const numberingOf = cachedLocale(db, env.TABLE_LIVE, Date.now)
const hours = new DirtyHourStore(db, env.TABLE_RECORDS)
const totals = new TotalStore(db, env.TABLE_RECORDS)

/** All that is done by the clock, in this order. A duty that fails does not keep the others from being done. */
export const duties: readonly Duty[] = [
  {
    name: 'roll-up',
    every: 'minute',
    run: async (until) => ({ ...(await rollUp({ hours, totals, numberingOf, now: Date.now, until })) }),
  },
]
