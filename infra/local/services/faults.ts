import type { EmulatorAnswer } from './emulator.ts'
import { errorAnswer } from './emulator.ts'
import type { ServiceCall } from './service-call.ts'

/** A fault to inject, and the requests that it affects: all that match until it is removed, unless `every` or `next` says less. */
export interface Fault {
  service: 'dynamodb' | 'sqs' | 'ssm'
  /** For example `PutItem`; without it, every action of the service. */
  action?: string
  /** Affects only every nth matching request. */
  every?: number
  /** Affects only the next n matching requests. */
  next?: number
  kind: 'error500' | 'throttle' | 'access-denied' | 'reply-lost' | 'delay'
  delayMs?: number
}

export interface Faults {
  /** Returns the function that removes the fault. */
  add(fault: Fault): () => void
  /** Counts a request and returns the fault that affects it, if any. */
  match(call: ServiceCall): Fault | undefined
}

export function createFaults(): Faults {
  const active = new Set<{ fault: Fault; seen: number }>()
  return {
    add(fault) {
      const entry = { fault, seen: 0 }
      active.add(entry)
      return () => void active.delete(entry)
    },
    match(call) {
      let matched: Fault | undefined
      for (const entry of active) {
        const { fault } = entry
        if (fault.service !== call.service || (fault.action ?? call.action) !== call.action) continue
        entry.seen++
        if (fault.next !== undefined && entry.seen >= fault.next) active.delete(entry)
        if (fault.every === undefined || entry.seen % fault.every === 0) matched ??= fault
      }
      return matched
    },
  }
}

/** Returns the error that replaces the service's answer, or undefined if the service answers (`delay`, `reply-lost`). */
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
