import type { CallEntity, Entity, ServerFrame } from '../../../contracts/frames.ts'
import { hide } from '../personal.ts'
import { callShape } from './shapes.ts'

function isCall(entity: Entity): entity is CallEntity {
  return 'call' in entity.state
}

/** An endpoint is a device of the site, by which a board is read; nothing of it is hidden. */
function hideEntity(entity: Entity): Entity {
  return isCall(entity) ? { ...entity, state: hide(callShape, entity.state) } : entity
}

/** A frame as a subscriber without `presence:personal` gets it; of the same entities, so that digests still agree. */
export function hideFrame(frame: ServerFrame): ServerFrame {
  if (frame.type !== 'snapshot' && frame.type !== 'delta') return frame
  return { ...frame, entities: frame.entities.map(hideEntity) }
}
