import type { WebhookEventType } from '../../../contracts/webhook-events.ts'
import type { StoredEvent } from './event.ts'

/** A message for people: a sentence of ours, and what the event says, which may be anybody's text. */
export interface ChatMessage {
  title: string
  facts: readonly { name: string; value: string }[]
  /** When it happened, RFC 3339. */
  time: string
}

type Data = Readonly<Record<string, unknown>>
/** Longer texts of a PBX are cut: ten facts stay below the limits of every chat. */
const textMax = 200

const titles: Record<WebhookEventType, (data: Data) => string> = {
  'call.started': () => 'A call begins',
  'call.ringing': () => 'A phone rings',
  'call.answered': () => 'A call was answered',
  'call.ended': () => 'A call has ended',
  'call.missed': () => 'Missed call',
  'cdr.recorded': () => 'A call record was stored',
  'endpoint.changed': (data) => (isRecord(data['trunk']) ? 'A trunk has changed' : 'A phone has changed'),
  'voicemail.changed': (data) => (Number(part(data, 'mailbox')['new']) > 0 ? 'New voicemail' : 'Voicemail has changed'),
  'forwarding.changed': () => 'Forwarding has changed',
  'dnd.changed': ({ dnd, away }) => (dnd ? 'Do not disturb is on' : away ? 'A user is away' : 'A user is back'),
  'queue.changed': ({ part: kind, change }) => `A ${kind === 'queue' ? 'queue' : `queue ${kind}`} was ${change}`,
  'bridge.lost': () => 'The bridge sends nothing: states may be stale and calls unseen',
  'bridge.connected': () => 'The bridge is back',
  'bridge.gap': () => 'The bridge may have missed events',
  'pbx.down': () => 'The PBX is down',
  'pbx.up': () => 'The PBX is up again',
  'key.frozen': () => 'A key reached its cap of calls and was frozen',
  'fraud.suspected': () => 'Calls look like toll fraud',
  'security.attack': () => 'Somebody guesses passwords or extensions',
  'site.verified': ({ isEqual }) =>
    isEqual ? 'The call log has every record of the PBX' : 'The call log and the PBX differ',
  'webhook.test': () => 'This is a test',
}

/** Returns the message about an event. `data` is what its reader may see. */
export function chatMessage({ type, time }: Pick<StoredEvent, 'type' | 'time'>, data: Data): ChatMessage {
  const facts = Object.entries(valuesOf(data)).flatMap(([name, value]) => {
    const text = oneLine(value)
    return text === '' ? [] : [{ name, value: text }]
  })
  return { title: titles[type](data), facts, time }
}

/** What people want to know of an event, by the word for it. A field that the event does not have is left out. */
function valuesOf(data: Data): Record<string, unknown> {
  const { dialled, extension, result, talkSeconds, ringSeconds, endpoint, deviceState, reachability, queue } = data
  const [mailbox, cdr, callerInQueue] = [part(data, 'mailbox'), part(data, 'cdr'), part(data, 'caller')]
  const member = part(data, 'member')
  const forward = [
    part(data, 'forward'),
    part(data, 'forwardBusy'),
    part(data, 'forwardNoAnswer'),
    part(data, 'forwardUnavailable'),
  ]
  const isPhone = endpoint !== undefined
  return {
    From: who(callerInQueue) || cdr['clid'],
    To: dialled ?? cdr['dst'] ?? (data['reasons'] ? data['number'] : undefined),
    Extension: extension,
    'Answered by': who(part(data, 'answeredBy')),
    Result: result ?? cdr['disposition'],
    Talk: seconds(result === undefined ? cdr['billsec'] : talkSeconds),
    Rang: result === undefined || talkSeconds ? undefined : seconds(ringSeconds),
    User: isPhone ? data['name'] : undefined,
    Device: isPhone ? endpoint : undefined,
    State: isPhone ? `${deviceState}, ${reachability}` : undefined,
    'New messages': mailbox['new'],
    'Forwarded to': forward.flatMap(({ target }) => target ?? []).join(', '),
    Queue: queue,
    Member: who({ number: member['extension'] ?? member['interface'], name: member['name'] }),
    Position: callerInQueue['position'],
    Since: data['lastHeard'] ?? data['lostSince'] ?? data['downSince'] ?? (isPhone ? undefined : data['since']),
    Reason: Array.isArray(data['reasons']) ? data['reasons'].join(', ') : data['reason'],
    Calls: data['calls'],
    Address: data['address'],
    Attempts: data['address'] === undefined ? undefined : data['count'],
    Key: data['key'],
    Cap: data['cap'],
    Day: data['day'],
    Missing: data['missing'],
    Message: data['message'],
  }
}

function who({ number, name }: Data): string {
  const [digits, words] = [oneLine(number), oneLine(name)]
  return words === '' || words === digits ? digits : `${words} ${digits}`.trim()
}

function seconds(value: unknown): string | undefined {
  if (typeof value !== 'number') return undefined
  const minutes = Math.floor(value / 60)
  return minutes > 0 ? `${minutes} min ${value % 60} s` : `${value} s`
}

/** Control characters and line feeds would let a caller's name write lines of its own. */
function oneLine(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') return ''
  const text = String(value)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  const points = [...text]
  return points.length > textMax ? `${points.slice(0, textMax).join('')}…` : text
}

function part(data: Data, field: string): Data {
  const value = data[field]
  return isRecord(value) ? value : {}
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
