import type { CallState, EndpointState } from '../contracts/facts.ts'
import { combinePresence, extensionOf, type PresenceWord } from '../contracts/presence.ts'
import { type Label, peerOf } from './call-parties.ts'
import { dialledAs, forwardsOf } from './extension.ts'

/** States on the board: `calling` is an outgoing call before its answer, `forwarded` an idle phone whose calls all go elsewhere. */
export const boardWords = [
  'ringing',
  'on-call',
  'calling',
  'on-hold',
  'dnd',
  'forwarded',
  'away',
  'available',
  'unknown',
  'offline',
] as const
export type BoardWord = (typeof boardWords)[number]
/** States in which a phone is used. */
export const busyWords: ReadonlySet<BoardWord> = new Set(['ringing', 'on-call', 'calling', 'on-hold'])

/** One extension as the board shows it: all its phones together. */
export interface ExtensionView {
  /** Number as people know it; the device's name if the key may not see the number. */
  extension: string
  name: string
  /** Its first device. */
  endpoint: string
  devices: readonly EndpointState[]
  word: BoardWord
  /** Since when it is in the state, in Unix milliseconds. */
  sinceMs: number
  peer: Label | undefined
  /** Ids of its live calls, the longest first. */
  calls: readonly string[]
  forwards: ReturnType<typeof forwardsOf>
  isDnd: boolean
  /** New voicemail messages. */
  messages: number
  /** Whether calls can be placed from and to it over the API. */
  isDialled: boolean
  /** Whether forwarding that is set over the API is followed. */
  isForwardable: boolean
  /** All that is shown, so that an unchanged extension is not drawn again. */
  key: string
}

/** The number that people dial, or the device's name if the number is hidden from the key. */
function shownNumber(state: EndpointState): string | undefined {
  const extension = extensionOf(state)
  return extension?.startsWith('…') ? state.resource : extension
}

/** Returns the extensions of a site, in the order of their numbers. */
export function extensionViews(endpoints: Iterable<EndpointState>, calls: Iterable<CallState>): ExtensionView[] {
  const callsOf = callsByEndpoint(calls)
  const phones = [...endpoints].filter((state) => shownNumber(state) !== undefined)
  const groups = Map.groupBy(phones, (state) => shownNumber(state) ?? '')
  return [...groups].map(([extension, devices]) => viewOf(extension, devices, callsOf)).sort(byNumber)
}

function callsByEndpoint(calls: Iterable<CallState>): ReadonlyMap<string, CallState[]> {
  const found = new Map<string, CallState[]>()
  for (const call of calls) {
    if (call.state === 'ended') continue
    const ids = new Set([call.caller, ...call.callees].flatMap(({ endpoint }) => endpoint ?? []))
    for (const id of ids) found.set(id, [...(found.get(id) ?? []), call])
  }
  return found
}

function viewOf(
  extension: string,
  devices: readonly EndpointState[],
  callsOf: ReadonlyMap<string, CallState[]>,
): ExtensionView {
  const [first] = devices
  const presence = combinePresence(devices)
  const calls = [...new Set(devices.flatMap(({ endpoint }) => callsOf.get(endpoint) ?? []))]
  calls.sort((a, b) => a.startedAt.localeCompare(b.startedAt))
  const all = devices.flatMap(forwardsOf)
  const forwards = all.filter(({ when }, n) => all.findIndex((one) => one.when === when) === n)
  const word = wordOf(presence?.presence ?? 'unknown', devices, calls, forwards)
  const shown = calls.find((call) => isOfState(call, word)) ?? calls[0]
  const peer = busyWords.has(word) && shown ? peerIn(shown, devices) : undefined
  const name = devices.find((device) => device.name && !device.name.startsWith('…'))?.name ?? ''
  const view = {
    extension,
    name,
    endpoint: first?.endpoint ?? '',
    devices,
    word,
    sinceMs: sinceOf(word, Date.parse(presence?.since ?? ''), shown),
    peer,
    calls: calls.map(({ call }) => call),
    forwards,
    isDnd: devices.some(({ dnd }) => dnd !== undefined),
    messages: Math.max(0, ...devices.map(({ mailbox }) => mailbox?.new ?? 0)),
    isDialled: devices.some((device) => dialledAs(device) !== undefined),
    isForwardable: devices.some(({ forwardable }) => forwardable !== false),
  }
  const { devices: _, ...shownParts } = view
  return { ...view, key: JSON.stringify(shownParts) }
}

function wordOf(
  presence: PresenceWord,
  devices: readonly EndpointState[],
  calls: readonly CallState[],
  forwards: readonly { when: string }[],
): BoardWord {
  if (presence === 'available' && forwards.some(({ when }) => when === 'always')) return 'forwarded'
  const isCaller = ({ caller }: CallState) => devices.some(({ endpoint }) => endpoint === caller.endpoint)
  const isCalling = calls.length > 0 && calls.every((call) => call.state !== 'answered' && isCaller(call))
  return presence === 'on-call' && isCalling ? 'calling' : presence
}

/** Whether a call is the one that gives an extension its state: a phone that rings during a call shows who rings. */
function isOfState({ state }: CallState, word: BoardWord): boolean {
  return word === 'ringing' || word === 'calling' ? state !== 'answered' : state === 'answered'
}

function peerIn(call: CallState, devices: readonly EndpointState[]): Label | undefined {
  const own = devices.find(({ endpoint }) =>
    [call.caller, ...call.callees].some((party) => party.endpoint === endpoint),
  )
  return own && peerOf(own.endpoint, [call])
}

/** A call that was answered counts from its answer, not from when the phone was lifted. */
function sinceOf(word: BoardWord, deviceSinceMs: number, call: CallState | undefined): number {
  const answeredMs = Date.parse(call?.answeredAt ?? '')
  return word === 'on-call' && !Number.isNaN(answeredMs) ? answeredMs : deviceSinceMs
}

const collator = new Intl.Collator('en', { numeric: true })

export function byNumber(a: ExtensionView, b: ExtensionView): number {
  return collator.compare(a.extension, b.extension)
}
