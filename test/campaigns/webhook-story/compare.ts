import type { Call } from '../../../contracts/calls.ts'
import type { WebhookEvent } from '../../../contracts/webhook-events.ts'

/** Fields of a live `call.ended` that must already be what the call log says later. */
const liveFields = ['direction', 'result', 'dialled', 'party'] as const
/** Asterisk's whole seconds and the clock of the bridge may differ by this much. */
const secondsApartMax = 1
const missed: ReadonlySet<string> = new Set(['no-answer', 'cancelled'])

/** Returns what the events of one call tell otherwise than the call log, one sentence a difference. */
export function storyFaults(call: Call, received: readonly WebhookEvent[]): string[] {
  const events = received
    .filter(({ type }) => type.startsWith('call.'))
    .toSorted((a, b) => (seqOf(a) < seqOf(b) ? -1 : 1))
  const finals = events.filter(({ type, data }) => type === 'call.ended' && data['final'] === true)
  const lives = events.filter(({ type, data }) => type === 'call.ended' && data['final'] === false)
  const [final, live] = [finals.at(-1), lives[0]]
  if (!final) return ['no final call.ended']
  if (!live) return ['no live call.ended']
  return [
    ...orderFaults(events),
    ...(lives.length > 1 ? [`${lives.length} live call.ended`] : []),
    ...(events.at(-1)?.data['final'] === true ? [] : ['the last event by callSeq is not final']),
    ...differences('final', { ...call }, final.data),
    // A call that was merged into another by a transfer or a conference goes on as that one.
    ...(live.data['mergedInto'] === undefined ? liveFaults(final.data, live.data, answeredBefore(events, live)) : []),
    ...countFaults(call, events),
  ]
}

/** Seconds from the answer by a queue or a menu to that of the phone. */
function answeredBefore(events: readonly WebhookEvent[], live: WebhookEvent): number {
  const first = events.find(({ type }) => type === 'call.answered')
  const spokeAt = Date.parse(String(live.data['answeredAt']))
  return first && !Number.isNaN(spokeAt) ? Math.round((spokeAt - Date.parse(first.time)) / 1000) : 0
}

/** What docs/webhooks.md says of the live event: its extension holds if somebody answered, its seconds if the call was not transferred. */
function liveFaults(final: Record<string, unknown>, live: Record<string, unknown>, before: number): string[] {
  const isAnswered = final['result'] === 'answered'
  const told = (data: Record<string, unknown>) => ({
    ...pick(data),
    answeredBy: whoAnswered(data),
    ...(isAnswered && { extension: data['extension'] }),
  })
  const isOneTalk = final['transferredTo'] === undefined && !isConference(final)
  return [...differences('live', told(final), told(live)), ...(isOneTalk ? secondsFaults(final, live, before) : [])]
}

/** The company's conference rooms are 800 to 809. */
function isConference({ dialled }: Record<string, unknown>): boolean {
  return /^80\d$/.test(String(dialled))
}

/** `call.started` is the first; a phone rings before the call is answered, and nothing live follows its end. */
function orderFaults(events: readonly WebhookEvent[]): string[] {
  const types = events.map(({ type, data }) => `${type.slice(5)}${data['final'] === true ? '!' : ''}`).join(' ')
  const isInOrder = /^started( ringing)*( answered( ringing)*)? ended( missed)?( ended!)+( missed!)?$/.test(types)
  return isInOrder ? [] : [`the order by callSeq is ${types}`]
}

function countFaults({ result = 'unknown', direction }: Call, events: readonly WebhookEvent[]): string[] {
  const count = (type: string) => events.filter((event) => event.type === type).length
  const isMissed = missed.has(result) && direction !== 'outbound'
  const isAnswered = result === 'answered' || result === 'voicemail'
  return [
    ...(count('call.missed') === Number(isMissed)
      ? []
      : [`${count('call.missed')} call.missed of a call that is ${result}`]),
    ...(isAnswered && count('call.answered') !== 1
      ? [`${count('call.answered')} call.answered of a call that is ${result}`]
      : []),
  ]
}

/** @param before seconds by which the records may set the answer earlier and the talk longer than the live event */
function secondsFaults(final: Record<string, unknown>, live: Record<string, unknown>, before: number): string[] {
  const allowed = { durationSeconds: [0, 0], talkSeconds: [0, before], ringSeconds: [-before, 0] } as const
  return Object.entries(allowed).flatMap(([field, [least, most]]) => {
    const apart = Number(final[field]) - Number(live[field])
    const isAllowed = apart >= least - secondsApartMax && apart <= most + secondsApartMax
    return isAllowed ? [] : [`live ${field} is ${live[field]}, final ${final[field]}`]
  })
}

function differences(where: string, expected: Record<string, unknown>, actual: Record<string, unknown>): string[] {
  return Object.entries(expected).flatMap(([field, value]) => {
    const [want, have] = [JSON.stringify(value), JSON.stringify(actual[field])]
    return want === have ? [] : [`${where} ${field} is ${have}, not ${want}`]
  })
}

function pick(data: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(liveFields.map((field) => [field, data[field]]))
}

function whoAnswered({ answeredBy }: Record<string, unknown>): unknown {
  return typeof answeredBy === 'object' && answeredBy !== null && 'number' in answeredBy ? answeredBy.number : undefined
}

function seqOf({ data }: WebhookEvent): string {
  return String(data['callSeq'])
}
