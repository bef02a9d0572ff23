import type { ComponentChildren } from 'preact'
import type { Board } from '../board.ts'
import { Icon } from '../components/icon.tsx'
import { t } from '../language.ts'
import { timeOf } from '../moments.ts'
import { addressOf } from '../router.ts'

interface BannerProps {
  board: Board
  onKey: () => void
}

/** What is wrong with what the page shows: one message at a time, the worst first. */
export function Banner(props: BannerProps) {
  const { board } = props
  return (
    <section class="banners" aria-label={t('banner.label')} aria-live="polite">
      <Worst {...props} />
      {board.connection.isReplay && <Line tone="calm">{t('banner.replay')}</Line>}
    </section>
  )
}

function Worst({ board, onKey }: BannerProps) {
  const { trouble, live, isLoaded } = board
  const since = board.doubtSinceMs === undefined ? '' : timeOf(board.doubtSinceMs, Date.now())
  switch (board.doubt) {
    case 'refused':
      return (
        <Line tone="alarm" title={t('banner.refused')} text={trouble}>
          <button type="button" class="button small" onClick={onKey}>
            {t('banner.signIn')}
          </button>
        </Line>
      )
    case 'cut-off':
      if (isLoaded)
        return <Line tone="alarm" title={t('banner.cutOff')} text={t('banner.cutOffSince', { time: since })} />
      return trouble === undefined ? null : <Line tone="alarm" title={t('banner.unreachable')} text={trouble} />
    case 'bridge-silent':
      return <Line tone="warning" title={t('banner.silent')} text={t('banner.silentSince', { time: since })} />
    case 'pbx-down':
      return (
        <Line tone="warning" title={t('banner.pbxDown')} text={t('banner.pbxDownSince', { time: since })}>
          <a class="button small" href={addressOf('system')}>
            {t('banner.openSystem')}
          </a>
        </Line>
      )
    default:
      if (isLoaded && !live.heard)
        return <Line tone="warning" title={t('banner.neverHeard')} text={t('banner.enrol')} />
      return <GapLine board={board} />
  }
}

function GapLine({ board }: { board: Board }) {
  if (!board.gap) return null
  const { from, to, reason } = board.gap
  const time = (text: string) => timeOf(Date.parse(text), Date.now())
  return (
    <Line
      tone="calm"
      title={t('banner.gap', { from: time(from), to: time(to) })}
      text={t('banner.gapReason', { reason })}
    >
      <button type="button" class="button small" onClick={() => board.showGap(undefined)}>
        {t('action.dismiss')}
      </button>
    </Line>
  )
}

interface LineProps {
  tone: 'calm' | 'warning' | 'alarm'
  title?: string
  text?: string | undefined
  children?: ComponentChildren
}

function Line({ tone, title, text, children }: LineProps) {
  return (
    <div class="banner" data-tone={tone}>
      <Icon name={tone === 'alarm' ? 'offline' : tone === 'warning' ? 'warning' : 'refresh'} />
      {title === undefined ? (
        <p>{children}</p>
      ) : (
        <>
          <p>
            <b>{title}</b> {text}
          </p>
          {children}
        </>
      )}
    </div>
  )
}
