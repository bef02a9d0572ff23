import type { Call } from '../../contracts/calls.ts'
import type { CallState } from '../../contracts/facts.ts'
import type { Board } from '../board.ts'
import { calleeLabel, partyLabel } from '../call-parties.ts'
import { Icon, type IconName } from '../components/icon.tsx'
import { Party } from '../components/party.tsx'
import { DirectionIcon, Result } from '../components/result.tsx'
import { Empty, Failure } from '../components/states.tsx'
import { Timer } from '../components/timer.tsx'
import { t } from '../language.ts'
import { clockOf } from '../moments.ts'
import { addressOf } from '../router.ts'

const endedShown = 6

interface CallsAsideProps {
  board: Board
  mayEnd: boolean
  mayReadLog: boolean
}

/** Calls in progress, and those that have just ended. */
export function CallsAside({ board, mayEnd, mayReadLog }: CallsAsideProps) {
  const { controls } = board
  const calls = [...board.live.calls.values()].map(({ state }) => state).sort(byUrgency)
  return (
    <section class="panel live" aria-labelledby="live-title">
      <header>
        <h2 id="live-title">{t('live.title')}</h2>
        {calls.length > 0 && <span class="note">{calls.length}</span>}
      </header>
      <Failure text={controls.placed ? undefined : controls.failure} />
      {calls.length > 0 ? (
        <ul class="live-calls">
          {calls.map((state) => (
            <LiveCall key={state.call} state={state} board={board} mayEnd={mayEnd} />
          ))}
        </ul>
      ) : (
        board.isLoaded && (
          <Empty icon="on-call" title={t('live.none')}>
            <p>{t('live.noneHint')}</p>
          </Empty>
        )
      )}
      {mayReadLog && <JustEnded board={board} />}
    </section>
  )
}

/** Ringing calls first, since they need somebody; then the newest. */
function byUrgency(a: CallState, b: CallState): number {
  const rings = ({ state }: CallState) => (state === 'ringing' ? 0 : 1)
  return rings(a) - rings(b) || b.startedAt.localeCompare(a.startedAt)
}

const icons: Record<CallState['state'], IconName> = {
  dialling: 'calling',
  ringing: 'ringing',
  answered: 'on-call',
  ended: 'ended',
}

function LiveCall({ state, board, mayEnd }: { state: CallState; board: Board; mayEnd: boolean }) {
  const { call, caller, answeredAt, startedAt, confirmed } = state
  const parties = [caller, ...state.callees].flatMap(({ endpoint }) => endpoint ?? [])
  const isHeld =
    state.state === 'answered' && parties.some((id) => board.live.endpoints.get(id)?.state.deviceState === 'ONHOLD')
  const word = isHeld ? 'on-hold' : icons[state.state]
  const canEnd = board.isReachable && !board.controls.isBusy
  return (
    <li class="live-call" data-call={call} data-state={word} data-confirmed={confirmed === false ? 'false' : undefined}>
      <Icon name={word} />
      <p class="sides">
        <span class="visually-hidden">{t('live.from')} </span>
        <Party label={partyLabel(caller)} />
        <span class="to">
          <Icon name="right" small />
          <span class="visually-hidden">{t('live.to')} </span>
          <Party label={calleeLabel(state)} />
        </span>
      </p>
      <p class="progress">
        <Timer sinceMs={Date.parse(answeredAt ?? startedAt)} clock={board.clock} />
        <span class="word">{t(isHeld ? 'state.on-hold' : `progress.${state.state}`)}</span>
        {confirmed === false && <span class="note">{t('live.unconfirmed')}</span>}
      </p>
      {mayEnd && (
        <button
          type="button"
          class="button small danger"
          aria-disabled={!canEnd}
          onClick={() => canEnd && board.controls.end(call)}
        >
          {t(state.state === 'answered' ? 'action.hangUp' : 'action.cancelCall')}
        </button>
      )}
    </li>
  )
}

function JustEnded({ board: { log } }: { board: Board }) {
  const rows = log.rows.slice(0, endedShown)
  return (
    <section class="just-ended" aria-labelledby="ended-title">
      <header>
        <h2 id="ended-title">{t('ended.title')}</h2>
        <a class="link end" href={addressOf('calls')}>
          {t('ended.all')}
        </a>
      </header>
      <Failure text={log.failure && t('ended.failed', { detail: log.failure })} onRetry={() => log.refresh()} />
      {rows.length > 0 && (
        <ul>
          {rows.map((call) => (
            <EndedCall key={call.call} call={call} />
          ))}
        </ul>
      )}
      {log.isLoaded && rows.length === 0 && <p class="note pad">{t('ended.none')}</p>}
    </section>
  )
}

function EndedCall({ call }: { call: Call }) {
  return (
    <li>
      <a class="ended-call" href={addressOf('calls', call.call)} data-linkedid={call.call}>
        <span class="time">{clockOf(Date.parse(call.startedAt))}</span>
        <span class="sides">
          <Party label={partyLabel(call.caller)} />
          <span class="to">
            <DirectionIcon direction={call.direction} />
            <Party label={calleeLabel(call)} />
          </span>
        </span>
        <Result result={call.result} />
      </a>
    </li>
  )
}
