import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { account } from '../template/names.ts'
import { type Emulator, errorAnswer, jsonAnswer } from './emulator.ts'

/** "PutEvents" of the EventBridge API reference; the size is that of January 2026. */
const entriesMax = 10
const requestBytesMax = 1024 * 1024
const timeBytes = 14

const Entry = v.looseObject({
  Source: v.optional(v.string()),
  DetailType: v.optional(v.string()),
  Detail: v.optional(v.string()),
  EventBusName: v.optional(v.string(), 'default'),
  Time: v.optional(v.number()),
  Resources: v.optional(v.array(v.string()), []),
})
type Entry = v.InferOutput<typeof Entry>
const Input = v.looseObject({ Entries: v.array(Entry) })

/** An event as rules see it and targets get it. */
export interface BusEvent {
  version: '0'
  id: string
  'detail-type': string
  source: string
  account: string
  time: string
  region: string
  resources: string[]
  detail: Record<string, unknown>
}
export type BusListener = (bus: string, event: BusEvent) => void

export interface EventBuses extends Emulator {
  /** Calls a listener with each event that is put. EventBridge has no error for a bus that does not exist, and neither has this. */
  onEvent(listener: BusListener): void
}

/** Serves PutEvents of EventBridge: its limits, and errors of single entries in an answer with status 200. */
export function createEventBuses(region: string): EventBuses {
  const listeners: BusListener[] = []

  function put(entry: Entry): Record<string, string> {
    const fault = faultOf(entry)
    if (fault) return { ErrorCode: fault[0], ErrorMessage: fault[1] }
    const { Source = '', DetailType = '', Detail = '', Time = Date.now() / 1000, Resources, EventBusName } = entry
    const event: BusEvent = {
      version: '0',
      id: randomUUID(),
      'detail-type': DetailType,
      source: Source,
      account,
      // Whole seconds.
      time: new Date(Math.floor(Time) * 1000).toISOString().replace('.000Z', 'Z'),
      region,
      resources: Resources,
      detail: JSON.parse(Detail),
    }
    for (const listener of listeners) listener(busNameOf(EventBusName), event)
    return { EventId: event.id }
  }

  return {
    onEvent: (listener) => void listeners.push(listener),
    async call(headers, body) {
      if (headers['x-amz-target'] !== 'AWSEvents.PutEvents')
        return errorAnswer(400, 'UnknownOperationException', 'The local cloud supports PutEvents only.')
      const input = v.safeParse(Input, JSON.parse(body.toString() || '{}'))
      if (!input.success) return errorAnswer(400, 'ValidationException', 'The request has an invalid entry.')
      const { Entries } = input.output
      if (Entries.length === 0 || Entries.length > entriesMax) {
        const message = `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${entriesMax}`
        return errorAnswer(400, 'ValidationException', message)
      }
      if (Entries.reduce((sum, entry) => sum + bytesOf(entry), 0) > requestBytesMax)
        return errorAnswer(400, 'ValidationException', 'Total size of the entries in the request is over the limit.')
      const results = Entries.map(put)
      const FailedEntryCount = results.filter(({ ErrorCode }) => ErrorCode !== undefined).length
      return jsonAnswer({ FailedEntryCount, Entries: results })
    },
    stop: async () => undefined,
  }
}

/** Returns the name of a bus that is given by its name or ARN. */
export function busNameOf(nameOrArn: string): string {
  return nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1)
}

function bytesOf({ Source = '', DetailType = '', Detail = '', Time, Resources }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources]
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : timeBytes)
}

function faultOf({ Source, DetailType, Detail }: Entry): [code: string, message: string] | undefined {
  if (!Source) return ['InvalidArgument', 'Parameter Source is not valid. Reason: Source is a required argument.']
  if (/^aws\./i.test(Source)) return ['NotAuthorizedForSourceException', 'Not authorized for the source.']
  if (!DetailType)
    return ['InvalidArgument', 'Parameter DetailType is not valid. Reason: DetailType is a required argument.']
  if (!Detail) return ['InvalidArgument', 'Parameter Detail is not valid. Reason: Detail is a required argument.']
  return isObjectText(Detail) ? undefined : ['MalformedDetail', 'Detail is malformed.']
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    // The entry gets its own error.
    return false
  }
}
