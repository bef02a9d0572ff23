import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { EventMessage } from '../../functions/gateways/event-queue.ts'
import { type BusDependencies, BusPublisher } from '../../functions/queues/publish-events/bus.ts'
import type { BusSettings } from '../../functions/stores/bus-settings.ts'
import { DeliveryStore } from '../../functions/stores/webhook-deliveries.ts'
import type { Process } from './killed-writes.ts'

export interface WorldBus {
  /** The event bus of the deployment, which answers an error for each entry that it does not take. */
  bus?: BusDependencies['bus']
  /** Null if there is no such site. */
  settings?: BusSettings | null
}

/** Returns the publisher of a world's event bus; what the bus does not take goes to `backlog`. */
export function worldBus(
  { bus, settings = { showsPersonal: false } }: WorldBus,
  world: {
    db: DynamoDBDocumentClient
    process: Process | undefined
    backlog: EventMessage[]
    delays: number[]
    now: () => number
  },
): BusPublisher | undefined {
  const { db, process, backlog, delays, now } = world
  if (!bus) return undefined
  return new BusPublisher({
    bus: {
      put: async (entries) => {
        process?.write()
        return bus.put(entries)
      },
    },
    events: new DeliveryStore(db, 't'),
    settingsOf: async () => settings ?? undefined,
    queue: async (message, delaySeconds) => {
      process?.write()
      backlog.push(message)
      delays.push(delaySeconds)
    },
    wait: async () => undefined,
    now,
  })
}
