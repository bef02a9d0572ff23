import type { CallEntity, EndpointEntity, EndpointState } from '../../client/index.ts'
import type { CallState } from '../../contracts/facts.ts'
import { callsOn, type TrunkWord, trunkPresenceOf } from '../../contracts/presence.ts'
import { sinceOf } from '../moments.ts'
import { strings } from '../strings.ts'
import { Icon, type IconName } from './icon.tsx'

const words = strings.trunks
const icons: Record<TrunkWord, IconName> = { up: 'available', down: 'warning', unknown: 'unknown' }
/** Colours of the phones' states. */
const states: Record<TrunkWord, string> = { up: 'available', down: 'offline', unknown: 'unknown' }

interface TrunksProps {
  endpoints: ReadonlyMap<string, EndpointEntity>
  calls: ReadonlyMap<string, CallEntity>
}

/** The lines that lead out of the site: whether they work, and how many calls use them. Nothing if the site has none. */
export function Trunks({ endpoints, calls }: TrunksProps) {
  const trunks = [...endpoints.values()].map(({ state }) => state).filter(({ trunk }) => trunk)
  if (trunks.length === 0) return null
  trunks.sort((a, b) => a.resource.localeCompare(b.resource))
  const live = [...calls.values()].map(({ state }) => state)
  return (
    <section class="panel trunks" aria-labelledby="trunks-title">
      <div class="panel-head">
        <h2 id="trunks-title">{words.title}</h2>
      </div>
      <ul class="cards">
        {trunks.map((state) => (
          <Trunk key={state.endpoint} state={state} calls={live} />
        ))}
      </ul>
    </section>
  )
}

function Trunk({ state, calls }: { state: EndpointState; calls: readonly CallState[] }) {
  const { word, since } = trunkPresenceOf(state)
  const registration = state.trunk?.registration?.state
  const isUnreachable = word === 'down' && registration === 'registered'
  return (
    <li class="phone" data-state={states[word]} data-trunk={state.endpoint}>
      <span class="badge">
        <Icon name={icons[word]} />
      </span>
      <h3>{state.resource}</h3>
      <p class="word">
        {registration && word !== 'unknown' && !isUnreachable ? words.registrations[registration] : words.words[word]}
      </p>
      <p class="since">{strings.phones.since(sinceOf(Date.parse(since), Date.now()))}</p>
      <p class="corner">{words.calls(callsOn(state.endpoint, calls))}</p>
    </li>
  )
}
