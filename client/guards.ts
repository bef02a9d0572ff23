import type { CallEntity, EndpointEntity, Removal, ServerFrame } from '../contracts/frames.ts'
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
  isObject(value) && typeof value['id'] === 'string' && typeof value['v'] === 'string' && typeof value['r'] === 'number'

export function isEndpointEntity(value: unknown): value is EndpointEntity {
  return isVersioned(value) && isObject(value['state']) && typeof value['state']['deviceState'] === 'string'
}

export function isCallEntity(value: unknown): value is CallEntity {
  if (!isVersioned(value)) return false
  const state = value['state']
  return (
    isObject(state) &&
    typeof state['state'] === 'string' &&
    isObject(state['caller']) &&
    Array.isArray(state['callees'])
  )
}

/** The frame, or undefined for what is not JSON or of a kind that this client does not know. */
export function readFrame(data: unknown): ServerFrame | undefined {
  const frame = parse(data)
  return isFrame(frame) ? frame : brokenIntegration(frame)
}

function parse(data: unknown): unknown {
  try {
    return JSON.parse(String(data))
  } catch {
    // Not JSON is not ours: read like a frame of an unknown kind.
    return undefined
  }
}

function isFrame(frame: unknown): frame is ServerFrame {
  if (!isObject(frame)) return false
  switch (frame['type']) {
    case 'snapshot':
    case 'resumed':
      return hasEntities(frame) && Number(frame['part']) > 0 && Number(frame['parts']) > 0
    case 'delta':
      return hasEntities(frame) && Array.isArray(frame['ks'])
    default:
      return /^(pong|gap|heard|reset|stats|error)$/.test(String(frame['type']))
  }
}

const hasEntities = (frame: Fields) =>
  /^(endpoints|calls)$/.test(String(frame['topic'])) && Array.isArray(frame['entities'])

/** API Gateway answers `{message, connectionId, requestId}` in the function's place when the function fails. */
function brokenIntegration(frame: unknown): ServerFrame | undefined {
  if (!isObject(frame) || frame['type'] !== undefined || typeof frame['message'] !== 'string') return undefined
  return { type: 'error', errorId: 'cloud-failed', detail: frame['message'] }
}

export function isTicket(value: unknown): value is TicketIssued {
  return isObject(value) && typeof value['ticket'] === 'string' && typeof value['socketUrl'] === 'string'
}
