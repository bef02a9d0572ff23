import { zstdDecompressSync } from 'node:zlib'
import * as v from 'valibot'
import { BridgeEvent } from '../../../contracts/events.ts'

interface Row {
  v: string
  data: Record<string, unknown>
}

/** Lines of a packed body; signatures are no matter of the simulation. */
export function linesOf(body: string): string[] {
  const { data } = JSON.parse(body) as { data: string }
  return zstdDecompressSync(Buffer.from(data, 'base64')).toString('utf8').split('\n')
}

/** What the functions make of the queues: call rows by their key, presence where nothing older than `v` wins. */
export class ModelStore {
  readonly rows = new Map<string, string>()
  readonly endpoints = new Map<string, Row>()
  readonly calls = new Map<string, Row>()
  readonly gaps: string[] = []
  /** The counts of each kind and epoch that arrived, by either lane. */
  readonly counts = new Map<string, Set<number>>()
  readonly lines = new Map<string, string>()
  readonly faults: string[] = []
  doubles = 0
  #epoch = ''

  take(lane: string, body: string): void {
    for (const line of linesOf(body)) this.#takeLine(lane, line)
  }

  #takeLine(lane: string, line: string): void {
    const event = v.parse(BridgeEvent, JSON.parse(line))
    if (event.type === 'switchhook.cdr.v1') {
      const known = this.rows.get(event.id)
      if (known !== undefined) this.doubles += 1
      const row = JSON.stringify(event.data.cdr)
      if (known !== undefined && known !== row) this.faults.push(`the record ${event.id} came with two contents`)
      this.rows.set(event.id, known ?? row)
      return
    }
    const known = this.lines.get(event.id)
    if (known !== undefined && known !== line) this.faults.push(`the fact ${event.id} came with two contents`)
    this.lines.set(event.id, line)
    if (known !== undefined) this.doubles += 1
    if (event.type === 'switchhook.endpoint.v1' || event.type === 'switchhook.call.v1')
      this.#count(`${event.type} ${event.v.slice(0, 10)}`, event.k)
    if (event.type === 'switchhook.gap.v1') this.gaps.push(event.data.reason)
    // Late facts make the story and never the present.
    if (lane === 'live') this.#apply(event)
  }

  #count(kind: string, k: number): void {
    this.counts.set(kind, (this.counts.get(kind) ?? new Set()).add(k))
  }

  #apply(event: Exclude<BridgeEvent, { type: 'switchhook.cdr.v1' }>): void {
    if (event.type === 'switchhook.endpoint.v1') this.#put(this.endpoints, event.subject, event.v, event.data)
    if (event.type === 'switchhook.call.v1') this.#put(this.calls, event.subject, event.v, event.data)
    if (event.type !== 'switchhook.epoch-ready.v1' || event.v < this.#epoch) return
    this.#epoch = event.v
    this.#forget(this.calls, new Set(event.data.liveCalls), event.v)
    this.#forget(this.endpoints, new Set(event.data.endpoints), event.v)
  }

  #put(rows: Map<string, Row>, subject: string, version: string, data: Record<string, unknown>): void {
    const known = rows.get(subject)
    if (known ? known.v >= version : version.slice(0, 10) < this.#epoch.slice(0, 10)) return
    rows.set(subject, { v: version, data })
  }

  /** A new epoch ends what it does not list. */
  #forget(rows: Map<string, Row>, listed: ReadonlySet<string>, version: string): void {
    for (const [subject, row] of rows) {
      if (row.v.slice(0, 10) < version.slice(0, 10) && !listed.has(subject)) rows.delete(subject)
    }
  }
}
