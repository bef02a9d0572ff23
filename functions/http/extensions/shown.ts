import type { EndpointState } from '../../../contracts/facts.ts'
import type { SiteKey } from '../../caller.ts'
import { dndOf, forwardsOf } from '../../domain/forwards.ts'
import { endpointShape } from '../../domain/personal/shapes.ts'
import { mask } from '../../domain/personal.ts'
import { answer } from '../request.ts'
import type { Confirmed } from './set-extension.ts'

export function showTo(caller: SiteKey) {
  return (state: EndpointState): EndpointState => mask(caller, 'presence', endpointShape, state)
}

/** 200 for what the PBX has confirmed. */
export function done<Body>(isDone: boolean, body: Body) {
  return isDone ? answer(200, body) : answer(202, body)
}

export function forwardAnswer(caller: SiteKey, extension: string, { isDone, state }: Confirmed) {
  return done(isDone, forwardsOf(extension, showTo(caller)(state)))
}

export function dndAnswer(extension: string, { isDone, state }: Confirmed) {
  return done(isDone, dndOf(extension, state))
}
