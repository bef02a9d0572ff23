import type { Call } from '../../../contracts/calls.ts'

const seconds = (count: number | undefined) => `${count ?? 0} s`

/** The call as one would tell it to a colleague, in one sentence. */
export function summarise(call: Call): string {
  const caller = call.caller.number || call.caller.name || 'An unknown caller'
  const parts = [`${caller} called ${call.dialled || 'nobody'}`]
  const forwards = call.story?.filter(({ what }) => what === 'forwarded') ?? []
  for (const { who } of forwards) parts.push(`was sent on to ${who}`)
  parts.push(...outcome(call))
  return `${parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : parts[0]}.`
}

function outcome(call: Call): string[] {
  const rang = seconds(call.ringSeconds)
  const voicemail = call.story?.find(({ what }) => what === 'voicemail')
  switch (call.result) {
    case 'answered':
      return [
        `spoke after ${rang}`,
        ...(call.transferredTo === undefined ? [] : [`was transferred to ${call.transferredTo}`]),
        ...(voicemail ? [`reached voicemail for ${seconds(voicemail.seconds)}`] : []),
        `talked for ${seconds(call.talkSeconds)}`,
      ]
    case 'voicemail':
      return [`reached voicemail for ${seconds(voicemail?.seconds)}`]
    case 'busy':
      return ['found the line busy']
    case 'cancelled':
      return [`hung up after ${rang}`]
    case 'no-answer':
      return [`got no answer for ${rang}`]
    case 'unreachable':
      return ['could not be connected']
    default:
      return [call.result ?? 'ended']
  }
}
