import type { StatsRow } from '../../contracts/routes/stats.ts'
import { Icon } from '../components/icon.tsx'
import { number, type TextKey, t } from '../language.ts'
import { duration } from '../moments.ts'
import { answerRate, callsIn, dayOfHour, type parts, sumBy } from './figures.ts'
import { daysIn } from './period.ts'
import type { PeriodStats } from './period-stats.ts'

interface Kpi {
  title: TextKey
  now: number
  before: number
  /** Formats a figure; a difference has no sign. */
  show: (value: number) => string
  /** The direction that is better, if one is. */
  better?: 'more' | 'less'
  trend: readonly number[]
}

/** Six figures of the period with those of the period before. */
export function Kpis({ stats }: { stats: PeriodStats }) {
  return (
    <dl class="kpis panel">
      {kpisOf(stats).map((kpi) => (
        <div key={kpi.title} class="kpi">
          <dt>{t(kpi.title)}</dt>
          <dd class="value">{kpi.show(kpi.now)}</dd>
          <Change kpi={kpi} />
          <dd aria-hidden="true">
            <Spark values={kpi.trend} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function kpisOf({ period, now, before }: PeriodStats): Kpi[] {
  const whole = (value: number) => number(Math.round(value))
  const rate = (row: StatsRow) => 100 * row.answerSeizureRatio
  const days = daysIn(period)
  const byDay = sumBy(now.rows, days, ({ key }) => dayOfHour(key))
  const trend = (of: (counts: Readonly<Record<(typeof parts)[number], number>>) => number) =>
    [...byDay.values()].map(of)
  const rowsOf = (day: string) => now.rows.filter(({ key }) => dayOfHour(key) === day)
  const perCall = (sum: 'talkSeconds' | 'ringSeconds', per: 'answered' | 'calls') =>
    days.map((day) => {
      const rows = rowsOf(day)
      const count = rows.reduce((total, row) => total + row[per], 0)
      return count === 0 ? 0 : rows.reduce((total, row) => total + row[sum], 0) / count
    })
  const [a, b] = [now.total, before.total]
  return [
    { title: 'stats.calls', now: a.calls, before: b.calls, show: whole, trend: trend(callsIn) },
    {
      title: 'stats.answered',
      now: rate(a),
      before: rate(b),
      show: (value) => t('stats.percent', { value: whole(value) }),
      better: 'more',
      trend: trend((counts) => answerRate(counts) ?? 0),
    },
    {
      title: 'stats.abandoned',
      now: a.abandoned,
      before: b.abandoned,
      show: whole,
      better: 'less',
      trend: trend(({ abandoned }) => abandoned),
    },
    {
      title: 'stats.averageWait',
      now: a.averageRingSeconds,
      before: b.averageRingSeconds,
      show: duration,
      better: 'less',
      trend: perCall('ringSeconds', 'calls'),
    },
    {
      title: 'stats.averageTalk',
      now: a.averageTalkSeconds,
      before: b.averageTalkSeconds,
      show: duration,
      trend: perCall('talkSeconds', 'answered'),
    },
    {
      title: 'stats.atOnce',
      now: a.maxConcurrent,
      before: b.maxConcurrent,
      show: whole,
      trend: days.map((day) => Math.max(0, ...rowsOf(day).map(({ maxConcurrent }) => maxConcurrent))),
    },
  ]
}

/** Green and red only where one direction is better. The words say it too. */
function Change({ kpi: { now, before, show, better } }: { kpi: Kpi }) {
  const more = Math.round(now) > Math.round(before)
  if (Math.round(now) === Math.round(before)) {
    return <dd class="change">{t('stats.same', { before: show(before) })}</dd>
  }
  const tone = better && (better === (more ? 'more' : 'less') ? 'good' : 'bad')
  return (
    <dd class="change" data-tone={tone}>
      <Icon name={more ? 'up' : 'down'} small />
      {t(more ? 'stats.more' : 'stats.less', { by: show(Math.abs(now - before)), before: show(before) })}
    </dd>
  )
}

function Spark({ values }: { values: readonly number[] }) {
  const [min, max] = [Math.min(...values), Math.max(...values)]
  if (values.length < 2) return null
  const points = values.map(
    (value, n) => `${(100 * n) / (values.length - 1)},${20 - (18 * (value - min)) / (max - min || 1)}`,
  )
  return (
    <svg class="spark" viewBox="0 0 100 22" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points.join(' ')} />
    </svg>
  )
}
