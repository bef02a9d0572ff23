import type { CallEntity, CallState } from '../../client/index.ts'
import { calleeLabel, type Label, partyLabel } from '../call-parties.ts'
import { duration } from '../moments.ts'
import { useNow } from '../now.ts'
import { strings } from '../strings.ts'
import { Icon } from './icon.tsx'

const words = strings.calls

interface LiveCallsProps {
  calls: ReadonlyMap<string, CallEntity>
  isLoaded: boolean
  /** Undefined if the key may not end calls. */
  onEnd: ((call: string) => void) | undefined
  failure: string | undefined
}

export function LiveCalls({ calls, isLoaded, onEnd, failure }: LiveCallsProps) {
  const nowMs = useNow()
  const states = [...calls.values()].map(({ state }) => state)
  states.sort((a, b) => a.startedAt.localeCompare(b.startedAt))
  return (
    <section class="panel calls" aria-labelledby="calls-title">
      <div class="panel-head">
        <h2 id="calls-title">{words.title}</h2>
        {states.length > 0 && <p class="count">{states.length}</p>}
      </div>
      {failure !== undefined && (
        <p class="failure" role="alert">
          {failure}
        </p>
      )}
      {states.length > 0 ? (
        <ul class="call-list">
          {states.map((state) => (
            <LiveCall key={state.call} state={state} nowMs={nowMs} onEnd={onEnd} />
          ))}
        </ul>
      ) : (
        <p class="empty">{isLoaded ? words.none : words.loading}</p>
      )}
    </section>
  )
}

function LiveCall({ state, nowMs, onEnd }: { state: CallState; nowMs: number; onEnd: LiveCallsProps['onEnd'] }) {
  const word = state.state === 'answered' ? 'on-call' : 'ringing'
  const seconds = (nowMs - Date.parse(state.answeredAt ?? state.startedAt)) / 1000
  return (
    <li
      class="call"
      data-state={word}
      data-call={state.call}
      data-confirmed={state.confirmed === false ? 'false' : undefined}
    >
      <Side label={partyLabel(state.caller)} role={words.from} />
      <Icon name="arrow" />
      <Side label={calleeLabel(state)} role={words.to} />
      <p class="progress">
        <Icon name={word} />
        {words.progress[state.state]}
        {state.confirmed === false && <span class="unconfirmed">{words.unconfirmed}</span>}
      </p>
      <p class="running">
        <span class="visually-hidden">{words.duration} </span>
        {duration(seconds)}
      </p>
      {onEnd && (
        <button type="button" class="end" onClick={() => onEnd(state.call)}>
          {state.state === 'answered' ? strings.control.hangUp : strings.control.cancel}
        </button>
      )}
    </li>
  )
}

function Side({ label, role }: { label: Label; role: string }) {
  return (
    <p class="side">
      <span class="visually-hidden">{role} </span>
      <b>{label.main}</b>
      {label.detail && <span class="detail"> {label.detail}</span>}
    </p>
  )
}
