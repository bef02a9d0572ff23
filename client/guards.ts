import type { Removal, ServerFrame } from '../contracts/frames.ts'
import type { TicketIssued } from '../contracts/http.ts'

/**
 * Light checks of what the cloud says. A schema library would be larger than the whole client, and the cloud has already
 * checked what it stores, so only what the client itself relies on is looked at; unknown fields pass.
 */
type Fields = Record<string, unknown>

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

export const isVersioned = (value: unknown): value is Removal & Fields =>
  isObject(value) && typeof value['id'] === 'string' && typeof value['v'] === 'string'

/** An entity of the kind that its topic has. */
export const isEntity = <E>(value: unknown): value is E & Fields => isVersioned(value) && isObject(value['state'])

/** The frames of a message: one, or an array of them; none of what is not JSON. Kinds that this client does not know pass. */
export function readFrames(data: unknown): ServerFrame[] {
  try {
    // API Gateway answers `{message, connectionId, requestId}` in the function's place when the function fails.
    return [JSON.parse(String(data))].flat().map((frame) => {
      return frame.type || !frame.message ? frame : { type: 'error', errorId: 'cloud-failed', detail: frame.message }
    })
  } catch {
    // Not JSON is not ours: read like a frame of an unknown kind.
    return []
  }
}

export function isTicket(value: unknown): value is TicketIssued {
  return isObject(value) && typeof value['socketUrl'] === 'string'
}
