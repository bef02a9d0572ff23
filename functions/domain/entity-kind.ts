import type { CallEntity, EndpointEntity, Entity, QueueEntity } from '../../contracts/frames.ts'

/** Tells entities apart by a field that only one kind has. */
export function isEndpoint(entity: Entity): entity is EndpointEntity {
  return entity.state['deviceState'] !== undefined
}

export function isQueuePart(entity: Entity): entity is QueueEntity {
  return entity.state['part'] !== undefined
}

export function isCall(entity: Entity): entity is CallEntity {
  return !isEndpoint(entity) && !isQueuePart(entity)
}
