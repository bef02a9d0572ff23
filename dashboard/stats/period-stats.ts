import type { Stats } from '../../contracts/routes/stats.ts'
import type { Period } from './period.ts'

/** Figures of a period and of the one before. */
export interface PeriodStats {
  period: Period
  /** By hour, or by day if the period is longer than the API answers by hour. */
  now: Stats
  before: Stats
}
