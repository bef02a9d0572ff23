import type { StatsRow } from '../../contracts/routes/stats.ts'
import { number, plural, t } from '../language.ts'
import { ChartPanel } from './chart-panel.tsx'
import { axisTop, busyHours, type Counts, callsIn, hourOf, parts, sumBy } from './figures.ts'

const height = 232
const margin = { left: 36, top: 12, bottom: 24 }
const barWidthMax = 40
/** Narrower columns show every second hour. */
const labelWidthMin = 26

/** Calls of the period by hour of the day, stacked by result. */
export function HourChart({ rows }: { rows: readonly StatsRow[] }) {
  const sums = [...sumBy(rows, busyHours(rows), ({ key }) => hourOf(key))]
  const head = [t('stats.hour'), ...parts.map((part) => t(`stats.part.${part}`)), t('stats.calls')]
  const table = sums.map(([hour, counts]) => [
    `${hour}:00`,
    ...parts.map((part) => number(counts[part])),
    number(callsIn(counts)),
  ])
  return (
    <ChartPanel title={t('stats.byHour')} note={t('stats.wholePeriod')} isWide head={head} rows={table}>
      {(width) => (
        <>
          <Bars sums={sums} width={width} />
          <Legend sums={sums} />
        </>
      )}
    </ChartPanel>
  )
}

type Sums = readonly (readonly [string, Counts])[]

function Bars({ sums, width }: { sums: Sums; width: number }) {
  const top = axisTop(Math.max(1, ...sums.map(([, counts]) => callsIn(counts))))
  const column = (width - margin.left) / sums.length
  const barWidth = Math.min(barWidthMax, column * 0.68)
  const y = (value: number) => margin.top + (height - margin.top - margin.bottom) * (1 - value / top)
  return (
    <svg class="chart" width={width} height={height} role="img" aria-label={t('stats.byHourLabel')}>
      <defs>
        <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect class="hatch-ground" width="5" height="5" />
          <rect class="hatch-line" width="2.4" height="5" />
        </pattern>
      </defs>
      {[0, 1, 2, 3, 4].map((step) => {
        const value = (top / 4) * step
        return (
          <g key={step}>
            <line class={step === 0 ? 'axis' : 'grid'} x1={margin.left} x2={width} y1={y(value)} y2={y(value)} />
            <text x={margin.left - 8} y={y(value) + 4} text-anchor="end">
              {number(value)}
            </text>
          </g>
        )
      })}
      {sums.map(([hour, counts], n) => {
        const x = margin.left + n * column + (column - barWidth) / 2
        return (
          <g key={hour}>
            <title>{`${hour}:00 – ${plural('stats.callsCount', callsIn(counts))}`}</title>
            {stacked(counts).map(({ part, from, to }) => (
              <rect
                key={part}
                class={`part-${part}`}
                x={x}
                y={y(to)}
                width={barWidth}
                height={Math.max(0.5, y(from) - y(to) - 1)}
              />
            ))}
            {(column > labelWidthMin || n % 2 === 0) && (
              <text x={x + barWidth / 2} y={height - 6} text-anchor="middle">
                {Number(hour)}
              </text>
            )}
          </g>
        )
      })}
    </svg>
  )
}

function stacked(counts: Counts) {
  let from = 0
  return parts.flatMap((part) => {
    const start = from
    from += counts[part]
    return counts[part] > 0 ? [{ part, from: start, to: from }] : []
  })
}

function Legend({ sums }: { sums: Sums }) {
  return (
    <ul class="legend">
      {parts.map((part) => (
        <li key={part}>
          <span class={`key part-${part}`} aria-hidden="true" />
          {t(`stats.part.${part}`)} {number(sums.reduce((sum, [, counts]) => sum + counts[part], 0))}
        </li>
      ))}
    </ul>
  )
}
