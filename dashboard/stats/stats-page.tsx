import { useMemo } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import { type StatsBy, statsRoutes } from '../../contracts/routes/stats.ts'
import { Icon } from '../components/icon.tsx'
import { Empty, Failure } from '../components/states.tsx'
import { t } from '../language.ts'
import { useLoad } from '../loading.ts'
import { dayAfter, dayOf, dayText } from '../moments.ts'
import { changeQuery, type Route } from '../router.ts'
import { useSession } from '../session.ts'
import { HeatTable } from './heat-table.tsx'
import { HourChart } from './hour-chart.tsx'
import { Kpis } from './kpis.tsx'
import { Lines } from './lines.tsx'
import { before, daysOf, hourDaysMax, lineDaysMax, type Period, periodOf, spanOf, spans, spanTo } from './period.ts'
import type { PeriodStats } from './period-stats.ts'
import { RateChart } from './rate-chart.tsx'

/** Figures of a period beside the one before. */
export function StatsPage({ query }: Route) {
  const { connection, board, may, site } = useSession()
  const period = periodOf(query, Date.now())
  const earlier = before(period)
  const api = useMemo(() => createApi(connection, statsRoutes), [connection])
  const isReady = board.isLoaded && (site !== undefined || !may('sites:read'))
  const key = (name: string) => (isReady ? `${name} ${period.from} ${period.to}` : undefined)
  const read = async (of: Period, by: StatsBy, signal: AbortSignal) =>
    (await api('GET /v1/sites/{site}/stats', { query: { ...of, by }, signal })).body
  const isByHour = daysOf(period) <= hourDaysMax
  const stats = useLoad<PeriodStats>(key('time'), async (signal) => {
    const by = isByHour ? 'hour' : 'day'
    const [now, then] = await Promise.all([read(period, by, signal), read(earlier, by, signal)])
    return { period, now, before: then }
  })
  const hasLines = daysOf(period) <= lineDaysMax
  const mayLines = may('cdrs:personal') && hasLines
  const extensions = useLoad(mayLines ? key('extension') : undefined, (signal) => read(period, 'extension', signal))
  const trunks = useLoad(hasLines ? key('trunk') : undefined, (signal) => read(period, 'trunk', signal))
  return (
    <main>
      <header class="top">
        <h1>{t('page.stats')}</h1>
        <span class="note">{t('stats.compared', { period: periodText(earlier) })}</span>
        <span class="end">
          <PeriodChoice period={period} />
          <button type="button" class="button" onClick={() => print()}>
            <Icon name="download" small />
            {t('action.print')}
          </button>
        </span>
      </header>
      <div class="page" aria-busy={stats.isLoading}>
        <p class="print-only">{periodText(period)}</p>
        <Failure text={stats.failure} onRetry={stats.reload} />
        {!stats.data && !stats.failure && <p class="loading">{t('state.loading')}</p>}
        {stats.data && stats.data.now.total.calls === 0 && (
          <Empty icon="stats" title={t('stats.none')}>
            <p>{t('stats.noneHint', { period: periodText(stats.data.period) })}</p>
          </Empty>
        )}
        {stats.data && stats.data.now.total.calls > 0 && (
          <>
            <Kpis stats={stats.data} />
            <div class="columns">
              {stats.data.now.by === 'hour' && <HourChart rows={stats.data.now.rows} />}
              <RateChart stats={stats.data} />
              {stats.data.now.by === 'hour' && <HeatTable rows={stats.data.now.rows} />}
              <Lines title={t('stats.extensions')} kind="extension" of={mayLines ? extensions : undefined} />
              <Lines title={t('stats.trunks')} kind="trunk" of={hasLines ? trunks : undefined} />
            </div>
          </>
        )}
      </div>
    </main>
  )
}

function periodText({ from, to }: Period): string {
  const short = { day: 'numeric', month: 'short' } as const
  const last = dayText(to, { ...short, year: 'numeric' })
  return from === to ? last : `${dayText(from, short)} – ${last}`
}

function PeriodChoice({ period }: { period: Period }) {
  const today = dayOf(Date.now())
  const span = spanOf(period)
  const go = (to: Period) => changeQuery({ from: to.from, to: to.to })
  const days = daysOf(period)
  const move = (step: number) => go({ from: dayAfter(period.from, step * days), to: dayAfter(period.to, step * days) })
  const set = (name: 'from' | 'to', day: string) => {
    const changed = { ...period, [name]: day }
    if (day !== '') go(changed.from <= changed.to ? changed : { from: day, to: day })
  }
  return (
    <>
      <fieldset class="segments">
        <legend class="visually-hidden">{t('stats.period')}</legend>
        {spans.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === span}
            onClick={() => go(spanTo(name, period.to <= today ? period.to : today))}
          >
            {t(`stats.span.${name}`)}
          </button>
        ))}
      </fieldset>
      <button type="button" class="button square" aria-label={t('stats.earlier')} onClick={() => move(-1)}>
        <Icon name="left" />
      </button>
      <input
        class="input"
        type="date"
        aria-label={t('calls.from')}
        value={period.from}
        max={today}
        onChange={({ currentTarget }) => set('from', currentTarget.value)}
      />
      <input
        class="input"
        type="date"
        aria-label={t('stats.to')}
        value={period.to}
        max={today}
        onChange={({ currentTarget }) => set('to', currentTarget.value)}
      />
    </>
  )
}
