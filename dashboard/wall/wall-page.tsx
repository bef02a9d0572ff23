import { useEffect, useState } from 'preact/hooks'
import { queuesOf } from '../../contracts/queue-view.ts'
import { Icon } from '../components/icon.tsx'
import { Timer } from '../components/timer.tsx'
import { busyWords, type ExtensionView } from '../extension-view.ts'
import { number, t } from '../language.ts'
import { clockOf, dayOf, dayText, timeOf } from '../moments.ts'
import { onSecond, useNow } from '../now.ts'
import type { Route } from '../router.ts'
import { useSession } from '../session.ts'
import { Figure } from './figure.tsx'
import { TodayFigures } from './today-figures.tsx'

/** Extensions on one page of the wall: they can be read from the other end of a room. */
const shownMax = 35
const rotateSecondsDefault = 20

/** A page for a screen on the wall: big figures and all extensions, without names and numbers of callers. It turns its pages. */
export function WallPage({ query }: Route) {
  const { board, name, may, isWall } = useSession()
  const queues = queuesOf([...board.live.queues.values()].map(({ state }) => state))
  const views = board.extensions
  const pages = Math.max(1, Math.ceil(views.length / shownMax))
  const page = useTurn(pages, Number(query.get('rotate')) || rotateSecondsDefault)
  const shown = views.slice(page * shownMax, (page + 1) * shownMax)
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting, 0)
  const longest = queues.flatMap(({ longestWaitSince }) => longestWaitSince ?? []).sort()[0]
  const count = (isIn: (view: ExtensionView) => boolean) => number(views.filter(isIn).length)
  useWallTheme()
  return (
    <main class={board.isLoaded && board.doubt ? 'wall is-old' : 'wall'}>
      <header>
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <p class="note">{dayText(dayOf(Date.now()), { weekday: 'long', day: 'numeric', month: 'long' })}</p>
        <WallClock />
      </header>
      <dl class="figures">
        {queues.length > 0 && (
          <Figure
            icon="ringing"
            state={waiting > 0 ? 'ringing' : undefined}
            title={t('wall.waiting')}
            value={number(waiting)}
          >
            {longest && <Timer sinceMs={Date.parse(longest)} clock={board.clock} />}
          </Figure>
        )}
        <Figure
          icon="on-call"
          state="on-call"
          title={t('state.on-call')}
          value={count(({ word }) => busyWords.has(word) && word !== 'ringing')}
        />
        <Figure
          icon="ringing"
          state="ringing"
          title={t('state.ringing')}
          value={count(({ word }) => word === 'ringing')}
        />
        <Figure
          icon="available"
          state="available"
          title={t('wall.free')}
          value={count(({ word }) => word === 'available')}
        />
        {!isWall && may('cdrs:read') && <TodayFigures />}
      </dl>
      <ul class="wall-tiles">
        {shown.map((view) => (
          <li key={view.extension} data-state={view.word} data-endpoint={view.endpoint}>
            <span class="number">
              {view.extension}
              <Icon name={view.word} />
            </span>
            <span class="what">
              {t(`state.${view.word}`)}
              {busyWords.has(view.word) && <Timer sinceMs={view.sinceMs} clock={board.clock} />}
            </span>
          </li>
        ))}
      </ul>
      <footer>
        <WallStatus />
        {queues.map(({ queue, members }) => (
          <span key={queue}>{t('wall.queue', { queue, members: number(members.length) })}</span>
        ))}
        {pages > 1 && <span class="end">{t('wall.page', { page: number(page + 1), pages: number(pages) })}</span>}
      </footer>
    </main>
  )
}

function WallClock() {
  const { board } = useSession()
  // A clock goes on while the page is cut off: it shows the time and not the state.
  const nowMs = useNow({ ...board.clock, frozenAtMs: undefined })
  return <p class="clock">{clockOf(nowMs)}</p>
}

/** Says in words whether the wall is up to date. */
function WallStatus() {
  const { board } = useSession()
  const { status } = board.live
  const since = board.doubtSinceMs
  const text =
    since !== undefined && board.isLoaded
      ? t(`wall.doubt.${board.doubt ?? 'cut-off'}`, { time: timeOf(since, Date.now()) })
      : (board.trouble ?? t(`connection.${status.state}`))
  return (
    <span class="status" role="status" data-connection={status.state} data-doubt={board.doubt}>
      <span class="dot" aria-hidden="true" />
      {text}
    </span>
  )
}

/** Returns the page that is shown now. */
function useTurn(pages: number, seconds: number): number {
  const [passed, setPassed] = useState(0)
  useEffect(() => onSecond(() => setPassed((before) => before + 1)), [])
  return Math.floor(passed / Math.max(5, seconds)) % pages
}

/** A wall is dark unless the address says otherwise: it is on all day. */
function useWallTheme(): void {
  useEffect(() => {
    const { dataset } = document.documentElement
    const before = dataset['theme']
    dataset['theme'] = new URLSearchParams(location.search).get('theme') === 'light' ? 'light' : 'dark'
    return () => {
      if (before) dataset['theme'] = before
    }
  }, [])
}
