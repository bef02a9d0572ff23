import type { CallEntity, DeltaFrame, EndpointEntity, Entity, ServerFrame } from '../../contracts/frames.ts'
import { isEndpoint, isQueuePart } from './entity-kind.ts'

/** The extensions that a subscriber has subscribed to; all if undefined. */
export type Extensions = readonly string[] | undefined

/** Resource of a custom device state of an extension: `Custom/DND60`, `Custom/AWAY60`. */
const customOf = /^(?:DND|AWAY)(.+)$/

/**
 * Returns true if the entity concerns one of the extensions: an endpoint by id, resource or number, a call by any present or former
 * party. Queues are few and change their members, so every subscriber to them gets them all.
 */
export function concerns(entity: Entity, extensions: Extensions): boolean {
  if (!extensions || isQueuePart(entity)) return true
  const names = new Set(namesOf(entity))
  return extensions.some((extension) => names.has(extension))
}

function namesOf(entity: EndpointEntity | CallEntity): string[] {
  if (isEndpoint(entity)) {
    const { endpoint, resource, number, technology } = entity.state
    const custom = technology === 'Custom' ? customOf.exec(resource)?.[1] : undefined
    return [endpoint, resource, number ?? resource, custom ?? resource]
  }
  const { state } = entity
  const parties = [state.caller, ...state.callees, ...(state.former ?? [])].flatMap(({ number, endpoint }) => [
    number,
    endpoint ?? number,
  ])
  return [...parties, state.dialled]
}

/** Returns the frame with only the entities that concern the extensions; undefined if no entity does. */
export function filterFrame(frame: ServerFrame, extensions: Extensions): ServerFrame | undefined {
  if (!extensions || frame.type !== 'delta' || frame.topic === 'queues') return frame
  const entities = frame.entities.filter((entity) => concerns(entity, extensions))
  const removed = (frame.removed ?? []).filter(({ id }) =>
    extensions.some((one) => id === one || id.endsWith(`/${one}`)),
  )
  if (entities.length + removed.length === 0) return undefined
  // Without `ks`: they would have holes, and a client that has subscribed to some extensions does not check them.
  const filtered: DeltaFrame = { ...frame, ks: [], entities, removed }
  return filtered
}
