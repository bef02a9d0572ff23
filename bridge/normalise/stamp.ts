import { type BridgeEvent, bridgeSource, factIdentity } from '../../contracts/events.ts'
import type { Attack, CallState, EndpointState, EpochReady, Gap, Heartbeat } from '../../contracts/facts.ts'
import type { SiteId } from '../../contracts/names.ts'
import type { QueueEntityState } from './queues.ts'

/** What the bridge publishes, before it has its place in the order. */
export type Publication =
  | { kind: 'endpoint'; state: EndpointState }
  | { kind: 'call'; state: CallState }
  | ({ kind: 'queue' } & QueueEntityState)
  | { kind: 'epoch-ready'; state: EpochReady }
  | { kind: 'heartbeat'; state: Heartbeat }
  | { kind: 'gap'; state: Gap }
  | { kind: 'attack'; state: Attack }

/** Gives each fact of one epoch its version, its id and, for endpoints, calls and queues, the consecutive number within its kind. */
export class Stamp {
  readonly #site: SiteId
  readonly #epoch: number
  #seq = 0
  readonly #counts = { endpoint: 0, call: 0, queue: 0 }

  constructor(site: SiteId, epoch: number) {
    this.#site = site
    this.#epoch = epoch
  }

  event(publication: Publication, time: string): BridgeEvent {
    this.#seq += 1
    const { id, v } = factIdentity(this.#site, this.#epoch, this.#seq)
    const common = { specversion: '1.0', id, source: bridgeSource(this.#site), time, v } as const
    switch (publication.kind) {
      case 'endpoint':
        return {
          ...common,
          type: 'switchhook.endpoint.v1',
          subject: publication.state.endpoint,
          k: this.#count('endpoint'),
          data: publication.state,
        }
      case 'call':
        return {
          ...common,
          type: 'switchhook.call.v1',
          subject: publication.state.call,
          k: this.#count('call'),
          data: publication.state,
        }
      case 'queue':
        return {
          ...common,
          type: 'switchhook.queue.v1',
          subject: publication.id,
          k: this.#count('queue'),
          data: publication.state,
        }
      case 'epoch-ready':
        return { ...common, type: 'switchhook.epoch-ready.v1', subject: this.#site, data: publication.state }
      case 'heartbeat':
        return { ...common, type: 'switchhook.heartbeat.v1', subject: this.#site, data: publication.state }
      case 'gap':
        return { ...common, type: 'switchhook.gap.v1', subject: this.#site, data: publication.state }
      case 'attack':
        return { ...common, type: 'switchhook.attack.v1', subject: publication.state.address, data: publication.state }
    }
  }

  #count(kind: 'endpoint' | 'call' | 'queue'): number {
    this.#counts[kind] += 1
    return this.#counts[kind]
  }
}
