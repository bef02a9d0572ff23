import type { SiteId } from '../../../contracts/names.ts'
import type { Reader } from '../personal.ts'
import type { StoredEvent } from './event.ts'
import { renderEvent } from './render.ts'

/** An entry of EventBridge's PutEvents (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html). */
export interface BusEntry {
  Source: string
  DetailType: string
  Detail: string
  /** Unix seconds. */
  Time: number
}

/** PutEvents takes 10 entries. Since January 2026 they have 1 MB together; up to 256 KB fits what older regions and emulators take. */
const entriesMax = 10
const batchBytesMax = 256 * 1024
const timeBytes = 14

/** Who may see numbers and names on the bus: nobody, unless a setting of the site says that everyone may. */
const seesAll: Reader = { scopes: ['presence:personal', 'cdrs:personal'] }
const seesNone: Reader = { scopes: [] }

/** Returns the entry of an event: the whole CloudEvent is its detail, so that a consumer finds the id by which it is deduplicated. */
export function busEntry(site: SiteId, event: StoredEvent, showsPersonal: boolean): BusEntry {
  const Detail = renderEvent(site, event, showsPersonal ? seesAll : seesNone)
  return { Source: site, DetailType: event.type, Detail, Time: Date.parse(event.time) / 1000 }
}

/** Size by AWS's rule ("Calculating PutEvents event entry size"). */
export function entryBytes({ Source, DetailType, Detail }: BusEntry): number {
  return timeBytes + Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail)
}

/** Whether an error of an entry says that it will never be taken. A missing right or a limit can change within a day. */
export function isFinalError(code: string): boolean {
  return /^(MalformedDetail|InvalidArgument|InvalidArgumentException|NotAuthorizedFor\w+Exception)$/.test(code)
}

/** Divides entries into requests. An entry that is larger than all of a request goes alone, and EventBridge decides. */
export function busBatches<T extends { entry: BusEntry }>(items: readonly T[]): T[][] {
  const batches: T[][] = []
  let bytes = 0
  for (const item of items) {
    const size = entryBytes(item.entry)
    const last = batches.at(-1)
    if (last && last.length < entriesMax && bytes + size <= batchBytesMax) {
      last.push(item)
      bytes += size
    } else {
      batches.push([item])
      bytes = size
    }
  }
  return batches
}
