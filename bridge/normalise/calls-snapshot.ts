import { type Channel, type Snapshot, utc } from './ari-objects.ts'
import { Call } from './call.ts'
import type { CallIndex } from './call-index.ts'
import { newLeg } from './call-leg.ts'

/**
 * Fills an empty index from a REST snapshot, and from what an earlier connection knew about the same calls: who called whom,
 * and when they answered. The caller of this function joins the channels of bridges.
 */
export function loadCalls(index: CallIndex, snapshot: Snapshot, now: string, earlier: CallIndex | undefined): void {
  if (earlier) index.adoptGone(earlier)
  const channels = snapshot.channels.map((channel) => ({ channel, at: utc(channel.creationtime, now) }))
  channels.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  for (const { channel, at } of channels) {
    loadChannel(index, channel, at, snapshot.linkedids.get(channel.id) ?? earlier?.of(channel.id)?.id, earlier)
  }
}

function loadChannel(
  index: CallIndex,
  channel: Channel,
  at: string,
  linkedid: string | undefined,
  earlier: CallIndex | undefined,
): void {
  const id = linkedid ?? channel.id
  const before = earlier?.get(id)
  const known = index.get(id)
  const call = known ?? new Call(id, at)
  if (!known && before) call.adopt(before)
  const leg = newLeg(channel, Date.parse(at))
  leg.role = before?.legs.get(channel.id)?.role ?? (channel.dialplan.app_name === 'AppDial' ? 'callee' : 'caller')
  if (leg.role === 'caller') call.noteDialled(channel.dialplan.exten)
  call.hasBegun ||= channel.state !== 'Down' || id !== channel.id
  index.add(call, leg)
}

/**
 * Returns when a call was answered, as far as REST shows: when its bridge was created; without a bridge, as in a voice menu,
 * at its start.
 */
export function answeredBy(call: Call, { bridges }: Snapshot, now: string): string {
  const bridge = bridges.find(({ channels }) => channels.some((id) => call.legs.has(id)))
  return bridge ? utc(bridge.creationtime, now) : call.startedAt
}
