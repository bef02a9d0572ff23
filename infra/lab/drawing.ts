import { optionsOf, type Situation } from './situation.ts'
import { type Leg, wayOf } from './way.ts'

/** Draws the ways of packets between phone A, its router, Asterisk and phone B, one line for each. */
export function drawingOf(situation: Situation): string {
  const { answer, request, audioToA, audioFromA } = wayOf(situation)
  const between = situation.router === 'none' ? '------' : situation.router === 'firewall' ? 'firewall' : 'router'
  const out = `A ---> ${between} ---> PBX`
  const lines = [
    row('REGISTER', out, ''),
    row('its answer', back(between, answer), target(answer)),
    ...(answer.arrives === 'no'
      ? []
      : [
          row('INVITE to A', back(between, request), target(request)),
          ...(request.arrives === 'no' ? [] : [row('audio to A', back(between, audioToA), target(audioToA))]),
          row('INVITE from A', `${out} ---> B`, ''),
          row('audio to B', `${out} ---> B`, ''),
          row('audio to A', back(between, audioFromA), target(audioFromA)),
        ]),
  ]
  return lines.map((line) => `  ${line}`.trimEnd()).join('\n')
}

const row = (what: string, way: string, note: string) => `${what.padEnd(14)} ${way.padEnd(31)} ${note}`
const target = ({ to, why }: Leg) => `to ${to}: ${why}`

/** From Asterisk to A; `x` marks where packets end. */
function back(between: string, leg: Leg): string {
  if (leg.arrives === 'either') return `A <-?- ${between} <--- PBX`
  if (leg.arrives === 'yes') return `A <--- ${between} <--- PBX`
  // A private address does not even reach the router.
  if (leg.to.startsWith('192.168.')) return `A      ${between}    x- PBX`
  return `A    x ${between} <--- PBX`
}

/** Says in a sentence why the calls of a situation go as they go. */
export function reasonOf(situation: Situation): string {
  const { answer, request, audioToA, audioFromA } = wayOf(situation)
  if (answer.arrives === 'no') return `Phone A cannot register: ${answer.why}.`
  if (request.arrives === 'no') {
    const audio =
      audioFromA.arrives === 'yes'
        ? `A's own calls have audio: ${audioFromA.why}`
        : audioFromA.arrives === 'either'
          ? `A's own calls have audio ${audioFromA.why}`
          : `A hears nothing in its own calls: ${audioFromA.why}`
    return `A cannot be called: ${request.why}. ${audio}.`
  }
  if (audioToA.arrives === 'no') return `A rings, because ${request.why}, but hears nothing: ${audioToA.why}.`
  if (audioFromA.arrives === 'either')
    return `A can be called: ${request.why}. Its own calls have audio ${audioFromA.why}.`
  const { rtpSymmetric } = optionsOf(situation)
  return `All calls work: ${request.why}${rtpSymmetric || audioToA.why !== request.why ? `, and ${audioToA.why}` : ''}.`
}
