import type { Entity, ServerFrame } from '../../../contracts/frames.ts'
import type { QueuePart } from '../../../contracts/queues.ts'
import { isEndpoint, isQueuePart } from '../entity-kind.ts'
import { hide, type Reader, seesPersonal } from '../personal.ts'
import { concerns, type Extensions } from '../topic-filter.ts'
import {
  callShape,
  endpointShape,
  queueCallerPartShape,
  queueHeadShape,
  queueMemberPartShape,
  queuePartShape,
} from './shapes.ts'

/** Returns an entity as a subscriber without `presence:personal` gets it. */
export function hideEntity(entity: Entity): Entity {
  if (isEndpoint(entity)) return { ...entity, state: hide(endpointShape, entity.state) }
  if (isQueuePart(entity)) return { ...entity, state: hideQueuePart(entity.state) }
  return { ...entity, state: hide(callShape, entity.state) }
}

export function hideQueuePart(part: QueuePart): QueuePart {
  if (part.part === 'member') return hide(queueMemberPartShape, part)
  if (part.part === 'caller') return hide(queueCallerPartShape, part)
  return part.part === 'queue' ? hide(queueHeadShape, part) : hide(queuePartShape, part)
}

/**
 * Returns a function that returns an entity as a reader sees it, or nothing if it does not concern the extensions. Numbers are
 * hidden before the filter: otherwise a reader could find out a hidden number by naming it.
 */
export function visibleTo(reader: Reader, extensions: Extensions): (entity: Entity) => Entity[] {
  const isPersonal = seesPersonal(reader, 'presence')
  return (entity) => {
    const shown = isPersonal ? entity : hideEntity(entity)
    return concerns(shown, extensions) ? [shown] : []
  }
}

/** Returns a frame as a subscriber without `presence:personal` gets it, with the same entities and versions, so that digests agree. */
export function hideFrame(frame: ServerFrame): ServerFrame {
  if (frame.type !== 'snapshot' && frame.type !== 'resumed' && frame.type !== 'delta') return frame
  return { ...frame, entities: frame.entities.map(hideEntity) }
}
