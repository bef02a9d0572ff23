import type { CallEntity, EndpointEntity, EndpointState } from '../../client/index.ts'
import { presenceOf } from '../../contracts/presence.ts'
import { type Label, peerOf } from '../call-parties.ts'
import { dialledAs } from '../extension.ts'
import { sinceOf } from '../moments.ts'
import { countPresences, isPhone } from '../presence-labels.ts'
import { strings } from '../strings.ts'
import { Icon } from './icon.tsx'

const words = strings.phones
// Sorted by name, not by state, so that a phone keeps its place.
const byName = new Intl.Collator(undefined, { numeric: true })

interface PhonesProps {
  endpoints: ReadonlyMap<string, EndpointEntity>
  calls: ReadonlyMap<string, CallEntity>
  isLoaded: boolean
  /** Undefined if the key may neither call nor change settings. */
  onOpen: ((endpoint: string) => void) | undefined
}

export function Phones({ endpoints, calls, isLoaded, onOpen }: PhonesProps) {
  const states = [...endpoints.values()].map(({ state }) => state).filter(isPhone)
  states.sort((a, b) => byName.compare(a.resource, b.resource))
  const live = [...calls.values()].map(({ state }) => state)
  return (
    <section class="panel phones" aria-labelledby="phones-title">
      <div class="panel-head">
        <h2 id="phones-title">{words.title}</h2>
        <p class="summary">
          {countPresences(states).map(({ word, count }) => (
            <span key={word} data-state={word}>
              <b>{count}</b> {words.words[word].toLowerCase()}
            </span>
          ))}
        </p>
      </div>
      {states.length > 0 ? (
        <ul class="cards">
          {states.map((state) => (
            <Phone key={state.endpoint} state={state} peer={peerOf(state.endpoint, live)} onOpen={onOpen} />
          ))}
        </ul>
      ) : (
        <p class="empty">{isLoaded ? words.none : words.loading}</p>
      )}
    </section>
  )
}

interface PhoneProps {
  state: EndpointState
  peer: Label | undefined
  onOpen: PhonesProps['onOpen']
}

function Phone({ state, peer, onOpen }: PhoneProps) {
  const { presence: word, since: begun } = presenceOf(state)
  const since = sinceOf(Date.parse(begun), Date.now())
  return (
    <li class="phone" data-state={word} data-endpoint={state.endpoint}>
      <span class="badge">
        <Icon name={word} />
      </span>
      <h3>
        {onOpen && dialledAs(state) ? (
          <button type="button" title={strings.control.open(state.resource)} onClick={() => onOpen(state.endpoint)}>
            {state.resource}
          </button>
        ) : (
          state.resource
        )}
      </h3>
      <p class="word" title={state.deviceState}>
        {words.words[word]}
      </p>
      <p class="since">{peer ? words.withWhom(peer.main) : words.since(since)}</p>
      <p class="corner">
        {peer && <span class="visually-hidden">{words.since('')}</span>}
        {peer ? since : state.technology}
      </p>
    </li>
  )
}
