import type { CallState, EndpointState } from '../../contracts/facts.ts'
import { isOwnQuestion, type Snapshot } from './ari-objects.ts'
import { Calls } from './calls.ts'
import { Endpoints } from './endpoints.ts'
import type { AriEvent } from './events.ts'

export type Fact = { kind: 'endpoint'; state: EndpointState } | { kind: 'call'; state: CallState }

/** All that the bridge knows of its PBX. Pure: the same events and times give the same facts. */
export class PbxState {
  readonly endpoints = new Endpoints()
  readonly calls = new Calls()

  /** The state after a (re)connection. `earlier` is that of the connection before, if it was in this process. */
  static from(snapshot: Snapshot, now: string, earlier?: PbxState): PbxState {
    const state = new PbxState()
    state.endpoints.load(snapshot.endpoints, snapshot.deviceStates, now, earlier?.endpoints)
    const channels = snapshot.channels.filter((channel) => !isOwnQuestion(channel))
    state.calls.load({ ...snapshot, channels }, now, earlier?.calls)
    return state
  }

  /** The facts that an event makes: each the whole state of what changed. `now` stands in for a missing timestamp. */
  apply(event: AriEvent, now: string): Fact[] {
    const calls = isOfOwnQuestion(event) ? [] : this.calls.apply(event, now)
    const endpoints = this.endpoints.apply(event, now)
    return [
      ...calls.map((state): Fact => ({ kind: 'call', state })),
      ...endpoints.map((state): Fact => ({ kind: 'endpoint', state })),
    ]
  }

  /** One name for each thing that the other state has otherwise, with what it has. */
  differences(other: PbxState): string[] {
    const endpoints = other.endpoints.all().filter((one) => {
      const own = this.endpoints.get(one.endpoint)
      return own?.deviceState !== one.deviceState
    })
    const [own, others] = [this, other].map(({ calls }) => new Set(calls.live().map(({ call }) => call)))
    const ended = [...(own ?? [])].filter((call) => !others?.has(call))
    const answered = other.calls.live().filter(({ call, state }) => state === 'answered' && !own?.has(call))
    return [
      ...endpoints.map(({ endpoint, deviceState }) => `${endpoint} ${deviceState}`),
      ...ended.map((call) => `${call} ended`),
      ...answered.map(({ call }) => `${call} answered`),
    ]
  }

  /** Everything that is, to be asserted under a new epoch. */
  all(): Fact[] {
    const endpoints = this.endpoints.all().map((state): Fact => ({ kind: 'endpoint', state }))
    return endpoints.concat(this.calls.live().map((state): Fact => ({ kind: 'call', state })))
  }
}

function isOfOwnQuestion(event: AriEvent): boolean {
  if (event.type === 'Dial') return isOwnQuestion(event.peer)
  switch (event.type) {
    case 'ChannelCreated':
    case 'ChannelStateChange':
    case 'ChannelHangupRequest':
    case 'ChannelDestroyed':
    case 'ChannelEnteredBridge':
      return isOwnQuestion(event.channel)
    default:
      return false
  }
}
