import { useEffect, useRef } from 'preact/hooks'
import type { Call } from '../../contracts/calls.ts'
import { calleeLabel, partyLabel } from '../call-parties.ts'
import { Party } from '../components/party.tsx'
import { DirectionIcon, Result } from '../components/result.tsx'
import { plural, t } from '../language.ts'
import { clockOf, dayOf, dayText, duration } from '../moments.ts'
import { addressOf, navigate } from '../router.ts'
import type { CallList } from './call-list.ts'
import { callSentence } from './story.ts'

interface CallTableProps {
  list: CallList
  opened: string | undefined
  query: URLSearchParams
}

/** The calls by day. Older ones are read as the end of the list comes into view. */
export function CallTable({ list, opened, query }: CallTableProps) {
  const days = Map.groupBy(list.calls, ({ startedAt }) => dayOf(Date.parse(startedAt)))
  return (
    <div class="panel">
      <table class="call-table" aria-busy={list.isLoading}>
        <caption class="visually-hidden">{t('page.calls')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('calls.time')}</th>
            <th scope="col">
              <span class="visually-hidden">{t('calls.direction')}</span>
            </th>
            <th scope="col">{t('calls.caller')}</th>
            <th scope="col">{t('calls.called')}</th>
            <th scope="col">{t('calls.result')}</th>
            <th scope="col" class="figure">
              {t('calls.wait')}
            </th>
            <th scope="col" class="figure">
              {t('calls.talk')}
            </th>
            <th scope="col" class="story">
              {t('calls.story')}
            </th>
          </tr>
        </thead>
        {[...days].map(([day, calls]) => (
          <tbody key={day}>
            <tr class="day">
              <th colSpan={8} scope="rowgroup">
                <b>{dayText(day, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })}</b>
              </th>
            </tr>
            {calls.map((call) => (
              <Row key={call.call} call={call} isOpened={call.call === opened} query={query} />
            ))}
          </tbody>
        ))}
      </table>
      <End list={list} />
    </div>
  )
}

function Row({ call, isOpened, query }: { call: Call; isOpened: boolean; query: URLSearchParams }) {
  const address = addressOf('calls', call.call, query)
  const answered = call.result === 'answered' || call.result === 'voicemail'
  return (
    <tr data-call={call.call} class={isOpened ? 'opened' : undefined} onClick={() => navigate(address)}>
      <td class="time">
        <a href={address} data-row aria-current={isOpened ? 'true' : undefined}>
          {clockOf(Date.parse(call.startedAt))}
        </a>
      </td>
      <td class="way">
        <DirectionIcon direction={call.direction} />
      </td>
      <td class="from">
        <Party label={partyLabel(call.caller)} />
      </td>
      <td class="called">
        <Party label={calleeLabel(call)} />
      </td>
      <td class="result">
        <Result result={call.result} />
      </td>
      <td class="figure wait">{call.ringSeconds ? duration(call.ringSeconds) : '–'}</td>
      <td class="figure talk">{answered ? duration(call.talkSeconds ?? 0) : '–'}</td>
      <td class="story">{callSentence(call)}</td>
    </tr>
  )
}

/** Reads the next page when it comes near the window; also a button, for those who do not scroll. */
function End({ list }: { list: CallList }) {
  const end = useRef<HTMLParagraphElement>(null)
  const { hasOlder, isLoading } = list
  // a page that does not fill the window is followed by the next
  useEffect(() => {
    if (!end.current || !hasOlder || isLoading) return
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && list.older(),
      { rootMargin: '600px' },
    )
    observer.observe(end.current)
    return () => observer.disconnect()
  }, [hasOlder, isLoading, list.calls.length])
  return (
    <p ref={end} class="list-end note">
      {plural('calls.shown', list.calls.length)}{' '}
      {hasOlder && (
        <button type="button" class="link" aria-disabled={isLoading} onClick={() => list.older()}>
          {t(isLoading ? 'state.loading' : 'calls.older')}
        </button>
      )}
      {list.isCut && t('calls.cut')}
    </p>
  )
}
