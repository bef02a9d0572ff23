import type { EndpointState } from '../../../contracts/facts.ts'
import type { SiteKey } from '../../caller.ts'
import { dndOf, forwardsOf } from '../../domain/forwards.ts'
import { endpointShape } from '../../domain/personal/shapes.ts'
import { mask } from '../../domain/personal.ts'
import { answer } from '../request.ts'
import type { ExtensionResult } from './set-extension.ts'

export function maskFor(caller: SiteKey) {
  return (state: EndpointState): EndpointState => mask(caller, 'presence', endpointShape, state)
}

/** Answers 200 if the PBX has confirmed the change, else 202. */
export function confirmedAnswer<Body>(isConfirmed: boolean, body: Body) {
  return isConfirmed ? answer(200, body) : answer(202, body)
}

export function forwardAnswer(caller: SiteKey, extension: string, { isConfirmed, state }: ExtensionResult) {
  return confirmedAnswer(isConfirmed, forwardsOf(extension, maskFor(caller)(state)))
}

export function dndAnswer(extension: string, { isConfirmed, state }: ExtensionResult) {
  return confirmedAnswer(isConfirmed, dndOf(extension, state))
}
