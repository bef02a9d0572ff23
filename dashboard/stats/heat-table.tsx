import type { StatsRow } from '../../contracts/routes/stats.ts'
import { Panel, TableBox } from '../components/panel.tsx'
import { number, plural, t } from '../language.ts'
import { dayText } from '../moments.ts'
import { busyHours, callsIn, dayOfHour, hourOf, sumBy } from './figures.ts'

/** A Monday: only its weekday is used. */
const monday = '2024-01-01'
const weekdays = Array.from({ length: 7 }, (_, n) => monday.replace(/01$/, `0${n + 1}`))
const levels = 5

function weekdayOf(key: string): number {
  return (new Date(`${dayOfHour(key)}T12:00:00Z`).getUTCDay() + 6) % 7
}

/** Calls by weekday and hour. The picture is a table: each field has its figure. */
export function HeatTable({ rows }: { rows: readonly StatsRow[] }) {
  const hours = busyHours(rows)
  const keys = weekdays.flatMap((_, day) => hours.map((hour) => `${day} ${hour}`))
  const sums = sumBy(rows, keys, ({ key }) => `${weekdayOf(key)} ${hourOf(key)}`)
  const count = (day: number, hour: string) => {
    const counts = sums.get(`${day} ${hour}`)
    return counts ? callsIn(counts) : 0
  }
  const [busiest, most] = keys
    .map((key) => [key, count(Number(key[0]), key.slice(2))] as const)
    .reduce((a, b) => (b[1] > a[1] ? b : a))
  const level = (calls: number) => (calls === 0 ? 0 : Math.ceil((levels * calls) / most))
  return (
    <Panel title={t('stats.heat')} note={t('stats.heatNote')} class="wide">
      <div class="chart-box">
        <TableBox label={t('stats.heat')}>
          <table class="heat">
            <thead>
              <tr>
                <th scope="col">
                  <span class="visually-hidden">{t('stats.day')}</span>
                </th>
                {hours.map((hour) => (
                  <th key={hour} scope="col">
                    {Number(hour)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {weekdays.map((day, n) => (
                <tr key={day}>
                  <th scope="row">{dayText(day, { weekday: 'short' })}</th>
                  {hours.map((hour) => {
                    const calls = count(n, hour)
                    return (
                      <td key={hour} data-level={level(calls)}>
                        {calls > 0 ? number(calls) : ''}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </TableBox>
        <p class="note">
          {t('stats.busiest', {
            day: dayText(weekdays[Number(busiest[0])] ?? monday, { weekday: 'long' }),
            hour: Number(busiest.slice(2)),
            calls: plural('stats.callsCount', most),
          })}
        </p>
      </div>
    </Panel>
  )
}
