import * as v from 'valibot'
import { Bridge, Channel, DeviceState, Endpoint, isUsableId, type Snapshot } from '../normalise/ari-objects.ts'
import { repair } from '../normalise/repair.ts'
import type { AriRequests } from './ari-connection.ts'
import { AriRefusedError, AriUnreachableError } from './ari-errors.ts'
import { mapAnswered } from './map-answered.ts'
import { readPhoneEntry } from './phone-directory.ts'

const Value = v.looseObject({ value: v.string() })

/** Gets what is odd in a list of Asterisk: `reason` names the fields. */
export interface OddItems {
  /** An item was left out. */
  onUnusable(list: string, reason: string): void
  /** Fields of an item were cut or left out. */
  onRepaired(list: string, reason: string): void
}

/**
 * Returns the current state of the PBX, read over REST: endpoints, channels and bridges; then one by one, since no list has
 * them, the device state of each endpoint and the linkedid of each channel. An item that is not as ARI writes it is left out.
 */
export async function readSnapshot(rest: AriRequests, signal: AbortSignal, odd: OddItems): Promise<Snapshot> {
  const list = async <T extends v.GenericSchema>(path: string, schema: T): Promise<v.InferOutput<T>[]> => {
    const items = await rest.get(path, signal)
    if (!Array.isArray(items)) throw new AriUnreachableError(`${path}: not an answer of ARI`)
    return items.flatMap((item: unknown) => readItem(path, schema, item, odd))
  }
  const [endpoints, listed, bridges] = await Promise.all([
    list('/endpoints', Endpoint),
    list('/channels', Channel),
    list('/bridges', Bridge),
  ])
  // While Asterisk replaces what it holds of a channel, its list has the channel twice: as it was, then as it is.
  const channels = [...new Map(listed.map((channel) => [channel.id, channel])).values()]
  const onUnanswered = (path: string) => () => odd.onUnusable(path, 'no answer')
  const readState = async ({ technology, resource }: Endpoint) => {
    try {
      const state = await rest.get(`/deviceStates/${encodeURIComponent(`${technology}/${resource}`)}`, signal)
      return readItem('/deviceStates', DeviceState, state, odd)
    } catch (error) {
      // A PBX that is starting refuses everything.
      if (!(error instanceof AriRefusedError) || !error.shouldRetry() || error.status === 503) throw error
      odd.onUnusable('/deviceStates', `answered ${error.status}`)
      return []
    }
  }
  const deviceStates = await mapAnswered(endpoints, readState, onUnanswered('/deviceStates'))
  const readId = async ({ id }: Channel): Promise<[string, string]> => [id, await readLinkedid(rest, id, signal)]
  const linkedids = await mapAnswered(channels, readId, onUnanswered('linkedid'))
  const known = new Map(linkedids.filter(([, linkedid]) => isUsableId(linkedid)))
  return { endpoints, channels, bridges, deviceStates: deviceStates.flat(), linkedids: known }
}

/**
 * Returns the snapshot with numbers and names of its phones. Without them the first facts of a bridge would have none, and for a
 * second nobody could call a phone by its number.
 */
export async function withEntries(
  snapshot: Snapshot,
  rest: AriRequests,
  signal: AbortSignal,
  odd: OddItems,
): Promise<Snapshot> {
  const phones = snapshot.endpoints.filter(({ technology }) => technology === 'PJSIP')
  const entries = await mapAnswered(
    phones,
    ({ technology, resource }) => readPhoneEntry(`${technology}/${resource}`, rest, signal),
    // phone-settings.ts reads them all again.
    () => odd.onUnusable('endpoint', 'no answer'),
  )
  return { ...snapshot, entries: entries.flatMap((entry) => entry ?? []) }
}

function readItem<T extends v.GenericSchema>(
  list: string,
  schema: T,
  item: unknown,
  odd: OddItems,
): v.InferOutput<T>[] {
  const read = repair(schema, item)
  if (read.kind === 'unusable') {
    odd.onUnusable(list, read.reason)
    return []
  }
  if (read.fields.length > 0) odd.onRepaired(list, read.fields.join(' '))
  return [read.value]
}

/** Returns an empty string if the channel has ended meanwhile or Asterisk does not know its linkedid. */
async function readLinkedid(rest: AriRequests, channel: string, signal: AbortSignal): Promise<string> {
  try {
    const path = `/channels/${encodeURIComponent(channel)}/variable?variable=CHANNEL(linkedid)`
    const answer = v.safeParse(Value, await rest.get(path, signal))
    return answer.success ? answer.output.value : ''
  } catch (error) {
    if (error instanceof AriRefusedError) return ''
    throw error
  }
}
