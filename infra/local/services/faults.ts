import type { EmulatorAnswer } from './emulator.ts'
import { errorAnswer } from './emulator.ts'
import type { ServiceCall } from './service-call.ts'

/** What goes wrong, on which requests. Without `every` and `next` it does on all of them, until removed. */
export interface Fault {
  service: 'dynamodb' | 'sqs' | 'ssm'
  /** `PutItem`; without it, every action of the service. */
  action?: string
  /** On every nth matching request. */
  every?: number
  /** On the next n matching requests, then never again. */
  next?: number
  kind: 'error500' | 'throttle' | 'access-denied' | 'reply-lost' | 'delay'
  delayMs?: number
}

export interface Faults {
  /** Returns the function that removes the fault again. */
  add(fault: Fault): () => void
  /** The fault that strikes this request, if one does; counts it. */
  strike(call: ServiceCall): Fault | undefined
}

export function createFaults(): Faults {
  const active = new Set<{ fault: Fault; seen: number }>()
  return {
    add(fault) {
      const entry = { fault, seen: 0 }
      active.add(entry)
      return () => void active.delete(entry)
    },
    strike(call) {
      let struck: Fault | undefined
      for (const entry of active) {
        const { fault } = entry
        if (fault.service !== call.service || (fault.action ?? call.action) !== call.action) continue
        entry.seen++
        if (fault.next !== undefined && entry.seen >= fault.next) active.delete(entry)
        if (fault.every === undefined || entry.seen % fault.every === 0) struck ??= fault
      }
      return struck
    },
  }
}

/** The answer that the struck service gives instead of its own; undefined if it answers itself (`delay`, `reply-lost`). */
export function faultAnswer(fault: Fault): EmulatorAnswer | undefined {
  const sqs = fault.service === 'sqs'
  switch (fault.kind) {
    case 'error500':
      return errorAnswer(
        500,
        sqs ? 'InternalError' : 'InternalServerError',
        'Injected fault.',
        sqs ? 'InternalError' : undefined,
      )
    case 'throttle':
      return sqs
        ? errorAnswer(403, 'RequestThrottled', 'Injected fault.', 'RequestThrottled')
        : errorAnswer(400, 'ThrottlingException', 'Injected fault.')
    case 'access-denied':
      return sqs
        ? errorAnswer(403, 'AccessDeniedException', 'Injected fault.', 'AccessDenied')
        : errorAnswer(400, 'AccessDeniedException', 'Injected fault.')
    default:
      return undefined
  }
}
