import type { CallEntity, Entity, ServerFrame } from '../../../contracts/frames.ts'
import { hide } from '../personal.ts'
import { callShape, endpointShape } from './shapes.ts'

function isCall(entity: Entity): entity is CallEntity {
  return entity.state['deviceState'] === undefined
}

/** An entity as a reader without `presence:personal` gets it. */
export function hideEntity(entity: Entity): Entity {
  if (isCall(entity)) return { ...entity, state: hide(callShape, entity.state) }
  return { ...entity, state: hide(endpointShape, entity.state) }
}

/** A frame as a subscriber without `presence:personal` gets it; of the same entities, so that digests still agree. */
export function hideFrame(frame: ServerFrame): ServerFrame {
  if (frame.type !== 'snapshot' && frame.type !== 'resumed' && frame.type !== 'delta') return frame
  return { ...frame, entities: frame.entities.map(hideEntity) }
}
