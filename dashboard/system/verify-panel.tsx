import { useMemo } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import { type Verification, verificationRoutes } from '../../contracts/routes/verifications.ts'
import { Icon } from '../components/icon.tsx'
import { Panel } from '../components/panel.tsx'
import { Content, Failure } from '../components/states.tsx'
import { number, plural, t } from '../language.ts'
import { useAction, useLoad } from '../loading.ts'
import { dateTimeOf, dayAfter, dayOf, dayText } from '../moments.ts'
import { addressOf } from '../router.ts'
import { useSession } from '../session.ts'

const weeks = 6
const days = 7 * weeks
/** The bridge answers a request within a minute or not at all. */
const waitMs = 1_500
const looksMax = 40

type DayState = 'equal' | 'missing' | 'asked' | 'none'

function stateOf(found: Verification | undefined): DayState {
  if (!found) return 'none'
  if (found.state === 'asked') return 'asked'
  return found.isEqual ? 'equal' : 'missing'
}

/** Six weeks of the call log, each day compared with the PBX's own file; a day can be compared again and repaired. */
export function VerifyPanel({ chosen }: { chosen: string | undefined }) {
  const { connection, board, may } = useSession()
  const api = useMemo(() => createApi(connection, verificationRoutes), [connection])
  const today = dayOf(Date.now())
  const from = dayAfter(today, 1 - days)
  const list = useLoad(board.isLoaded ? `${from} ${today}` : undefined, async (signal) => {
    const { body } = await api('GET /v1/sites/{site}/cdrs/verifications', { query: { from, to: today }, signal })
    return body.verifications
  })
  const action = useAction()
  const verify = (day: string, repair: boolean) =>
    action.run(async () => {
      const { run } = (await api('POST /v1/sites/{site}/cdrs/verifications', { body: { day, repair } })).body
      for (let looks = 0; looks < looksMax; looks++) {
        await new Promise((resolve) => setTimeout(resolve, waitMs))
        const { body } = await api('GET /v1/sites/{site}/cdrs/verifications/{day}', { path: { day } })
        if (body.run !== run || body.state === 'done') break
      }
      list.reload()
    })
  return (
    <Panel title={t('verify.title')} note={t('verify.note')} class="wide">
      <Content of={list}>
        {(found) => {
          const byDay = new Map(found.map((one) => [one.day, one]))
          const all = Array.from({ length: days }, (_, n) => dayAfter(from, n))
          const day = all.find((one) => one === chosen) ?? today
          return (
            <div class="pad stack">
              <ol class="calendar">
                {all.map((one) => (
                  <Day key={one} day={one} found={byDay.get(one)} isChosen={one === day} />
                ))}
              </ol>
              <div class="row" role="status">
                <p>
                  <b>{dayText(day, { weekday: 'long', day: 'numeric', month: 'long' })}</b>
                  <br />
                  {outcome(byDay.get(day))}
                </p>
                {may('cdrs:write') && (
                  <span class="end">
                    <button
                      type="button"
                      class="button"
                      aria-disabled={action.isBusy}
                      onClick={() => verify(day, false)}
                    >
                      {t(action.isBusy ? 'verify.busy' : 'verify.now')}
                    </button>
                    {stateOf(byDay.get(day)) === 'missing' && (
                      <button
                        type="button"
                        class="button primary"
                        aria-disabled={action.isBusy}
                        onClick={() => verify(day, true)}
                      >
                        {t('verify.repair')}
                      </button>
                    )}
                  </span>
                )}
              </div>
              <Failure text={action.failure} />
            </div>
          )
        }}
      </Content>
    </Panel>
  )
}

function outcome(found: Verification | undefined): string {
  if (!found) return t('verify.none')
  if (found.state === 'asked') return t('verify.asked', { at: dateTimeOf(found.askedAt) })
  const counts = { pbx: number(found.pbx?.count ?? 0), cloud: number(found.cloud?.count ?? 0) }
  if (found.isEqual) return t('verify.equal', { ...counts, at: dateTimeOf(found.doneAt) })
  const missing = plural('verify.missing', found.missing?.count ?? 0)
  const extra = found.extra?.count ? ` ${plural('verify.extra', found.extra.count)}` : ''
  return `${missing}${extra} ${t('verify.counts', counts)}`
}

function Day({ day, found, isChosen }: { day: string; found: Verification | undefined; isChosen: boolean }) {
  const state = stateOf(found)
  const missing = found?.missing?.count ?? 0
  return (
    <li>
      <a
        class="day"
        href={addressOf('system', day)}
        data-day={state}
        data-row
        aria-current={isChosen ? 'date' : undefined}
      >
        <span class="date">{dayText(day, { day: 'numeric', month: 'short' })}</span>
        {state === 'missing' ? (
          <span>
            <Icon name="warning" small />−{number(missing)}
          </span>
        ) : (
          <span>{found?.pbx ? number(found.pbx.count) : '–'}</span>
        )}
        <span class="visually-hidden"> {t(`verify.day.${state}`)}</span>
      </a>
    </li>
  )
}
