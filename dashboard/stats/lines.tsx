import type { Stats, StatsRow } from '../../contracts/routes/stats.ts'
import { Panel } from '../components/panel.tsx'
import { Content } from '../components/states.tsx'
import { number, plural, t } from '../language.ts'
import type { Loaded } from '../loading.ts'
import { phoneNumber } from '../phone-number.ts'
import { useSession } from '../session.ts'
import { lineDaysMax } from './period.ts'

const shownMax = 10

interface LinesProps {
  title: string
  kind: 'extension' | 'trunk'
  /** Undefined if the API does not answer it for this key or period. */
  of: Loaded<Stats> | undefined
}

/** The busiest extensions or trunks: a table whose bars show answered calls of all. */
export function Lines({ title, kind, of }: LinesProps) {
  return (
    <Panel title={title} note={t('stats.linesNote')}>
      <div class="chart-box">
        {of ? (
          <Content of={of}>{(stats) => <Bars rows={stats.rows} kind={kind} />}</Content>
        ) : (
          <p class="note">{t('stats.linesRefused', { days: lineDaysMax })}</p>
        )}
      </div>
    </Panel>
  )
}

function Bars({ rows, kind }: { rows: readonly StatsRow[]; kind: LinesProps['kind'] }) {
  const { board } = useSession()
  const shown = [...rows].sort((a, b) => b.calls - a.calls).slice(0, shownMax)
  const most = Math.max(1, ...shown.map(({ calls }) => calls))
  if (shown.length === 0) return <p class="note">{t('stats.noLines')}</p>
  const nameOf = (key: string) => board.extensions.find(({ extension }) => extension === key)?.name ?? ''
  return (
    <ol class="line-bars">
      {shown.map(({ key, calls, answered, maxConcurrent }) => (
        <li key={key}>
          <span class="who">
            <bdi class="number">{kind === 'trunk' ? key.replace(/^[^/]+\//, '') : phoneNumber(key)}</bdi>{' '}
            {kind === 'extension' && <bdi>{nameOf(key)}</bdi>}
          </span>
          <span class="figure">
            <b>{number(calls)}</b>{' '}
            {kind === 'trunk'
              ? plural('stats.atOnceCount', maxConcurrent)
              : t('stats.percentAnswered', { value: number(calls === 0 ? 0 : Math.round((100 * answered) / calls)) })}
          </span>
          <span class="bar" aria-hidden="true">
            <span class="answered" style={{ inlineSize: `${(100 * answered) / most}%` }} />
            <span class="rest" style={{ inlineSize: `${(100 * (calls - answered)) / most}%` }} />
          </span>
        </li>
      ))}
    </ol>
  )
}
