import type { Removal, ServerFrame } from '../contracts/frames.ts'
import type { TicketIssued } from '../contracts/http.ts'

/*
 * Checks of what the cloud sends. A schema library would be larger than the whole client, and the cloud has validated what
 * it stores. So these check only the fields that the client uses, and ignore unknown ones.
 */

type Fields = Record<string, unknown>

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

export function isVersioned(value: unknown): value is Removal & Fields {
  return isObject(value) && typeof value['id'] === 'string' && typeof value['v'] === 'string'
}

/** An endpoint or a call: its topic says which. */
export function isEntity<E>(value: unknown): value is E & Fields {
  return isVersioned(value) && isObject(value['state'])
}

export function isTicket(value: unknown): value is TicketIssued {
  return isObject(value) && typeof value['socketUrl'] === 'string' && typeof value['ticket'] === 'string'
}

/** Returns the frames of a message, which is one frame or an array of them. A message that is not JSON has none. */
export function readFrames(data: unknown): ServerFrame[] {
  try {
    // API Gateway sends `{message, connectionId, requestId}` if the function failed.
    return [JSON.parse(String(data))].flat().map((frame) => {
      return frame.type || !frame.message ? frame : { type: 'error', errorId: 'cloud-failed', detail: frame.message }
    })
  } catch {
    // Ignored like a frame of an unknown type: the next digest finds what it would have changed.
    return []
  }
}
