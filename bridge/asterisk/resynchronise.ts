import * as v from 'valibot'
import { Bridge, Channel, DeviceState, Endpoint, type Snapshot } from '../normalise/ari-objects.ts'
import { mapConcurrently } from '../operate/map-concurrently.ts'
import type { AriRequests } from './ari-connection.ts'
import { AriRefusedError, AriUnreachableError } from './ari-errors.ts'

/** Concurrent requests. 1,000 endpoints at 2 ms each take a quarter of a second, and Asterisk has other work. */
const requestsMax = 8

const Value = v.looseObject({ value: v.string() })

/**
 * Returns the current state of the PBX, read over REST: endpoints, channels and bridges; then one by one, since no list has
 * them, the device state of each endpoint and the linkedid of each channel.
 */
export async function readSnapshot(rest: AriRequests, signal: AbortSignal): Promise<Snapshot> {
  const [endpoints, channels, bridges] = await Promise.all([
    list(rest, '/endpoints', Endpoint, signal),
    list(rest, '/channels', Channel, signal),
    list(rest, '/bridges', Bridge, signal),
  ])
  const deviceStates = await mapConcurrently(requestsMax, endpoints, async ({ technology, resource }) => {
    const device = encodeURIComponent(`${technology}/${resource}`)
    return parse(DeviceState, await rest.get(`/deviceStates/${device}`, signal), 'a device state')
  })
  const linkedids = await mapConcurrently(requestsMax, channels, async ({ id }): Promise<[string, string]> => {
    return [id, await readLinkedid(rest, id, signal)]
  })
  return { endpoints, channels, bridges, deviceStates, linkedids: new Map(linkedids.filter(([, id]) => id !== '')) }
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

async function list<T extends v.GenericSchema>(rest: AriRequests, path: string, item: T, signal: AbortSignal) {
  return parse(v.array(item), await rest.get(path, signal), path)
}

function parse<T extends v.GenericSchema>(schema: T, value: unknown, what: string): v.InferOutput<T> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  throw new AriUnreachableError(`${what}: not an answer of ARI`)
}
