import type { Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { Subscriber } from '../../stores/connections.ts'
import type { FanOutDependencies } from '../fan-out/fan-out.ts'

type Connections = FanOutDependencies['connections']

/** Subscribers that are read while the writes are still being looked over: a read less that whoever waits for news waits. */
export class EarlySubscribers implements Connections {
  readonly #connections: Connections
  readonly #read = new Map<Topic, Promise<Subscriber[]>>()

  constructor(connections: Connections) {
    this.#connections = connections
  }

  /** To be called once all is written; what was read before is forgotten. */
  read(site: SiteId, topics: Iterable<Topic>): void {
    for (const topic of topics) {
      const reading = this.#connections.subscribers(site, topic)
      // Awaited only where there is something to tell.
      reading.catch(() => undefined)
      this.#read.set(topic, reading)
    }
  }

  subscribers(site: SiteId, topic: Topic): Promise<Subscriber[]> {
    return this.#read.get(topic) ?? this.#connections.subscribers(site, topic)
  }

  close(connectionId: string, site: SiteId): Promise<void> {
    return this.#connections.close(connectionId, site)
  }
}
