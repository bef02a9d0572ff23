import type { CallEntity, Entity, ServerFrame } from '../../../contracts/frames.ts'
import { hide } from '../personal.ts'
import { callShape, endpointShape } from './shapes.ts'

function isCall(entity: Entity): entity is CallEntity {
  return entity.state['deviceState'] === undefined
}

/** Returns an entity as a subscriber without `presence:personal` gets it. */
export function hideEntity(entity: Entity): Entity {
  if (isCall(entity)) return { ...entity, state: hide(callShape, entity.state) }
  return { ...entity, state: hide(endpointShape, entity.state) }
}

/** Returns a frame as a subscriber without `presence:personal` gets it, with the same entities and versions, so that digests agree. */
export function hideFrame(frame: ServerFrame): ServerFrame {
  if (frame.type !== 'snapshot' && frame.type !== 'resumed' && frame.type !== 'delta') return frame
  return { ...frame, entities: frame.entities.map(hideEntity) }
}
