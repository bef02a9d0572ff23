import { number, t } from '../language.ts'
import { dayText } from '../moments.ts'
import { ChartPanel } from './chart-panel.tsx'
import { answerRate, dayOfHour, sumBy } from './figures.ts'
import { before, daysIn, type Period } from './period.ts'
import type { PeriodStats } from './period-stats.ts'

const height = 232
const margin = { left: 44, right: 12, top: 18, bottom: 24 }
/** More days than this get no figure at each point. */
const pointsMax = 14

/** Percent of calls that were answered, by day, with the period before as a dashed line. */
export function RateChart({ stats: { period, now, before: earlier } }: { stats: PeriodStats }) {
  const rates = (of: PeriodStats['now'], days: Period) =>
    [...sumBy(of.rows, daysIn(days), ({ key }) => dayOfHour(key)).values()].map(answerRate)
  const days = daysIn(period)
  const [shown, then] = [rates(now, period), rates(earlier, before(period))]
  const percent = (value: number | undefined) =>
    value === undefined ? '–' : t('stats.percent', { value: number(Math.round(value)) })
  const rows = days.map((day, n) => [
    dayText(day, { weekday: 'short', day: 'numeric', month: 'short' }),
    percent(shown[n]),
    percent(then[n]),
  ])
  const head = [t('stats.day'), t('stats.thisPeriod'), t('stats.periodBefore')]
  return (
    <ChartPanel title={t('stats.rate')} note={t('stats.rateNote')} head={head} rows={rows}>
      {(width) => (
        <>
          <Plot days={days} shown={shown} then={then} width={width} />
          <ul class="legend">
            <li>
              <span class="key line" aria-hidden="true" />
              {t('stats.thisPeriod')} {percent(100 * now.total.answerSeizureRatio)}
            </li>
            <li>
              <span class="key dashed" aria-hidden="true" />
              {t('stats.periodBefore')} {percent(100 * earlier.total.answerSeizureRatio)}
            </li>
          </ul>
        </>
      )}
    </ChartPanel>
  )
}

type Rates = readonly (number | undefined)[]
interface PlotProps {
  days: readonly string[]
  shown: Rates
  then: Rates
  width: number
}

function Plot({ days, shown, then, width }: PlotProps) {
  const known = [...shown, ...then].filter((rate) => rate !== undefined)
  const low = Math.max(0, Math.min(80, Math.floor(Math.min(80, ...known) / 20) * 20))
  const inner = width - margin.left - margin.right - 24
  const x = (n: number) => margin.left + 12 + (days.length === 1 ? inner / 2 : (n * inner) / (days.length - 1))
  const y = (rate: number) => margin.top + (height - margin.top - margin.bottom) * (1 - (rate - low) / (100 - low))
  const every = Math.ceil(days.length / Math.max(1, Math.floor(inner / 60)))
  const steps = [0, 1, 2, 3, 4].map((step) => low + ((100 - low) / 4) * step)
  return (
    <svg class="chart" width={width} height={height} role="img" aria-label={t('stats.rateLabel')}>
      {steps.map((rate) => (
        <g key={rate}>
          <line class={rate === low ? 'axis' : 'grid'} x1={margin.left} x2={width} y1={y(rate)} y2={y(rate)} />
          <text x={margin.left - 8} y={y(rate) + 4} text-anchor="end">
            {t('stats.percent', { value: number(Math.round(rate)) })}
          </text>
        </g>
      ))}
      <path class="before" d={pathOf(then, x, y)} />
      <path class="now" d={pathOf(shown, x, y)} />
      {days.map((day, n) => {
        const rate = shown[n]
        return (
          <g key={day}>
            {n % every === 0 && (
              <text x={x(n)} y={height - 6} text-anchor="middle">
                {dayText(day, days.length <= 7 ? { weekday: 'short' } : { day: 'numeric', month: 'short' })}
              </text>
            )}
            {rate !== undefined && days.length <= pointsMax && (
              <>
                <circle cx={x(n)} cy={y(rate)} r="3.5" />
                <text class="strong" x={x(n)} y={y(rate) - 9} text-anchor="middle">
                  {number(Math.round(rate))}
                </text>
              </>
            )}
          </g>
        )
      })}
    </svg>
  )
}

/** Days without calls interrupt the line. */
function pathOf(rates: Rates, x: (n: number) => number, y: (rate: number) => number): string {
  let isOpen = false
  return rates
    .map((rate, n) => {
      if (rate === undefined) {
        isOpen = false
        return ''
      }
      const step = `${isOpen ? 'L' : 'M'}${x(n).toFixed(1)} ${y(rate).toFixed(1)}`
      isOpen = true
      return step
    })
    .join('')
}
