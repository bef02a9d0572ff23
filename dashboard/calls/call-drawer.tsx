import { createApi } from '../../client/http-client.ts'
import type { Call } from '../../contracts/calls.ts'
import { callRoutes } from '../../contracts/routes/calls.ts'
import { calleeLabel, partyLabel } from '../call-parties.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { Drawer } from '../components/drawer.tsx'
import { Icon } from '../components/icon.tsx'
import { Party } from '../components/party.tsx'
import { Result } from '../components/result.tsx'
import { Content } from '../components/states.tsx'
import { useKeys } from '../keyboard.ts'
import { t } from '../language.ts'
import { useLoad } from '../loading.ts'
import { duration, timeOf } from '../moments.ts'
import { addressOf, navigate } from '../router.ts'
import { useSession } from '../session.ts'
import { useShell } from '../shell.ts'
import type { CallList } from './call-list.ts'
import { Cdrs } from './cdrs.tsx'
import { Events } from './events.tsx'
import { Legs } from './legs.tsx'
import { stepIcons, stepText } from './story.ts'

interface CallDrawerProps {
  id: string
  list: CallList
  query: URLSearchParams
  backTo: string
}

/** One call: its story as a time line, its legs, its events and its raw records. */
export function CallDrawer({ id, list, query, backTo }: CallDrawerProps) {
  const { connection, board } = useSession()
  const call = useLoad(board.isLoaded ? id : undefined, async (signal) => {
    const api = createApi(connection, callRoutes)
    return (await api('GET /v1/sites/{site}/calls/{id}', { path: { id }, signal })).body
  })
  const at = list.calls.findIndex((one) => one.call === id)
  const go = (step: number) => {
    const next = list.calls[at + step]
    if (at >= 0 && next) navigate(addressOf('calls', next.call, query), { replace: true })
  }
  useKeys({ j: () => go(1), k: () => go(-1) })
  const shown = call.data ?? list.calls[at]
  const title = shown ? timeOf(Date.parse(shown.startedAt), Date.now()) : id
  return (
    <Drawer title={title} backTo={backTo} actions={at >= 0 && <Steps onGo={go} at={at} last={list.calls.length - 1} />}>
      {shown && <Summary call={shown} />}
      <Content of={call}>
        {(data) => (
          <>
            <Story call={data} />
            <Legs cdrs={data.cdrs ?? []} />
            <Events id={id} />
            <Cdrs cdrs={data.cdrs ?? []} />
          </>
        )}
      </Content>
    </Drawer>
  )
}

function Steps({ onGo, at, last }: { onGo: (step: number) => void; at: number; last: number }) {
  return (
    <span class="end">
      <button type="button" class="button ghost square" aria-disabled={at === 0} onClick={() => onGo(-1)}>
        <span class="visually-hidden">{t('calls.previous')}</span>
        <Icon name="up" />
      </button>
      <button type="button" class="button ghost square" aria-disabled={at === last} onClick={() => onGo(1)}>
        <span class="visually-hidden">{t('calls.next')}</span>
        <Icon name="down" />
      </button>
    </span>
  )
}

/** The number to call back: the outside one. */
function numberToCall({ direction, caller, dialled }: Call): string {
  const number = direction === 'outbound' ? dialled : caller.number
  return /^[+*#\d]+$/.test(number) ? number : ''
}

function Summary({ call }: { call: Call }) {
  const { board, may } = useSession()
  const { openCall } = useShell()
  const number = numberToCall(call)
  return (
    <div class="section">
      <div class="parties">
        <Party label={partyLabel(call.caller)} />
        <Icon name="right" />
        <Party label={calleeLabel(call)} />
      </div>
      <dl class="facts">
        <div>
          <dt>{t('calls.result')}</dt>
          <dd>
            <Result result={call.result} />
          </dd>
        </div>
        <div>
          <dt>{t('calls.wait')}</dt>
          <dd>{duration(call.ringSeconds ?? 0)}</dd>
        </div>
        <div>
          <dt>{t('calls.talk')}</dt>
          <dd>{duration(call.talkSeconds ?? 0)}</dd>
        </div>
        {call.direction && (
          <div>
            <dt>{t('calls.direction')}</dt>
            <dd>{t(`direction.${call.direction}`)}</dd>
          </div>
        )}
      </dl>
      <p class="row">
        {may('calls:write') && number !== '' && (
          <button
            type="button"
            class="button primary"
            aria-disabled={!board.isReachable}
            onClick={() => board.isReachable && openCall(number)}
          >
            <Icon name="on-call" small />
            {t('action.callBack')}
          </button>
        )}
        <CopyButton text={location.href} label={t('action.copyLink')} />
      </p>
      {call.recordings?.map((name) => (
        <p key={name} class="note">
          {t('calls.recording', { name })}
        </p>
      ))}
    </div>
  )
}

function Story({ call: { story = [], startedAt } }: { call: Call }) {
  const nowMs = Date.parse(startedAt)
  return (
    <div class="section">
      <h3>{t('calls.story')}</h3>
      {story.length === 0 && <p class="note">{t('story.none')}</p>}
      <ol class="time-line">
        {story.map((step) => (
          <li key={`${step.at} ${step.what} ${step.who}`} data-step={step.what}>
            <span class="time">{timeOf(Date.parse(step.at), nowMs)}</span>
            <span class="badge">
              <Icon name={stepIcons[step.what]} small />
            </span>
            <bdi>{stepText(step)}</bdi>
            {step.seconds !== undefined && step.seconds > 0 && <span class="time">{duration(step.seconds)}</span>}
          </li>
        ))}
      </ol>
    </div>
  )
}
