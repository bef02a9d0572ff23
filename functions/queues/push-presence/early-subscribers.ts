import type { Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { Subscriber } from '../../stores/connections.ts'
import type { FanOutDependencies } from '../fan-out/fan-out.ts'

type Connections = FanOutDependencies['connections']

/** Reads the subscribers while the writes are still being checked, so that the push does not wait for that read. */
export class EarlySubscribers implements Connections {
  readonly #connections: Connections
  readonly #read = new Map<Topic, Promise<Subscriber[]>>()

  constructor(connections: Connections) {
    this.#connections = connections
  }

  /** Starts to read the subscribers of the topics. To be called after the writes; a second call reads again. */
  read(site: SiteId, topics: Iterable<Topic>): void {
    for (const topic of topics) {
      const reading = this.#connections.subscribers(site, topic)
      // Nothing awaits the read if there is nothing to push, so its error must not be unhandled.
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
