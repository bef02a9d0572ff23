import type { Call } from '../../../contracts/calls.ts'

/** Returns the call in one sentence. */
export function summarise(call: Call): string {
  const caller = call.caller.number || call.caller.name || 'An unknown caller'
  // An analogue line does not tell what was dialled.
  const parts = [call.dialled ? `${caller} called ${call.dialled}` : `${caller} called`]
  const forwards = call.story?.filter(({ what }) => what === 'forwarded') ?? []
  for (const { who } of forwards) parts.push(`was forwarded to ${who}`)
  parts.push(...outcome(call))
  return `${parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : parts[0]}.`
}

function outcome(call: Call): string[] {
  const { ringSeconds = 0, talkSeconds = 0 } = call
  const voicemail = call.story?.find(({ what }) => what === 'voicemail')
  const recorded = `reached voicemail for ${duration(voicemail?.seconds)}`
  switch (call.result) {
    case 'answered':
      return [
        ringSeconds === 0 ? 'was answered at once' : `was answered after ${duration(ringSeconds)}`,
        ...(call.transferredTo === undefined ? [] : [`was transferred to ${call.transferredTo}`]),
        ...(voicemail ? [recorded] : []),
        `talked for ${duration(talkSeconds)}`,
      ]
    case 'voicemail':
      return [recorded]
    case 'busy':
      return ['found the line busy']
    case 'cancelled':
      return [`hung up after ${duration(ringSeconds)}`]
    case 'no-answer':
      return [`got no answer for ${duration(ringSeconds)}`]
    case 'unreachable':
      return ['could not be connected']
    default:
      return [call.result ?? 'ended']
  }
}

/** Returns `45 s`, `1 min 19 s` or `2 h 5 min`. */
function duration(seconds = 0): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  const [first, second] =
    minutes < 60 ? [`${minutes} min`, `${seconds % 60} s`] : [`${Math.floor(minutes / 60)} h`, `${minutes % 60} min`]
  return second.startsWith('0') ? first : `${first} ${second}`
}
