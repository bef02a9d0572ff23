import type { CallEntity, EndpointEntity, Removal, ServerFrame } from '../contracts/frames.ts'
import type { CdrPage, EndpointList, TicketIssued } from '../contracts/http.ts'
import type { CallPage } from '../contracts/operations/cdrs.ts'

/**
 * Light checks of what the cloud says. A schema library would be larger than the whole client, and the cloud has already
 * checked what it stores, so only what the client itself relies on is looked at; unknown fields pass.
 */
type Fields = Record<string, unknown>

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

const isVersioned = (value: unknown): value is Fields =>
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

export function isRemoval(value: unknown): value is Removal {
  return isVersioned(value)
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
  const known = frame['topic'] === 'endpoints' || frame['topic'] === 'calls'
  switch (frame['type']) {
    case 'snapshot':
      return known && Array.isArray(frame['entities']) && Number(frame['part']) > 0 && Number(frame['parts']) > 0
    case 'delta':
      return known && Array.isArray(frame['entities'])
    case 'error':
      return typeof frame['errorId'] === 'string'
    default:
      return frame['type'] === 'gap' || frame['type'] === 'pong'
  }
}

/** API Gateway answers `{message, connectionId, requestId}` in the function's place when the function fails. */
function brokenIntegration(frame: unknown): ServerFrame | undefined {
  if (!isObject(frame) || frame['type'] !== undefined || typeof frame['message'] !== 'string') return undefined
  return { type: 'error', errorId: 'cloud-failed', detail: frame['message'] }
}

export function isTicket(value: unknown): value is TicketIssued {
  return isObject(value) && typeof value['ticket'] === 'string' && typeof value['socketUrl'] === 'string'
}

export function isCdrPage(value: unknown): value is CdrPage {
  return isObject(value) && Array.isArray(value['cdrs'])
}

export function isCallPage(value: unknown): value is CallPage {
  return isObject(value) && Array.isArray(value['calls'])
}

export function isEndpointList(value: unknown): value is EndpointList {
  return isObject(value) && Array.isArray(value['endpoints'])
}
