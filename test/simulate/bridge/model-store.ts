import { zstdDecompressSync } from 'node:zlib'
import * as v from 'valibot'
import { BridgeEvent } from '../../../contracts/events.ts'

interface Row {
  v: string
  data: Record<string, unknown>
}

/** Returns the lines of a packed body without verifying its signature. */
export function linesOf(body: string): string[] {
  const { data } = JSON.parse(body) as { data: string }
  return zstdDecompressSync(Buffer.from(data, 'base64')).toString('utf8').split('\n')
}

/** A model of the functions and tables: call records by their key, presence where the newest version wins. */
export class ModelStore {
  readonly rows = new Map<string, string>()
  readonly endpoints = new Map<string, Row>()
  readonly calls = new Map<string, Row>()
  readonly gaps: string[] = []
  /** The counts `k` that arrived by either lane, by kind and epoch. */
  readonly counts = new Map<string, Set<number>>()
  readonly lines = new Map<string, string>()
  readonly faults: string[] = []
  duplicates = 0
  #epoch = ''

  take(lane: string, body: string): void {
    for (const line of linesOf(body)) this.#takeLine(lane, line)
  }

  #takeLine(lane: string, line: string): void {
    const event = v.parse(BridgeEvent, JSON.parse(line))
    if (event.type === 'switchhook.cdr.v1') {
      const known = this.rows.get(event.id)
      if (known !== undefined) this.duplicates += 1
      const row = JSON.stringify(event.data.cdr)
      if (known !== undefined && known !== row)
        this.faults.push(`the record ${event.id} arrived with two different contents`)
      this.rows.set(event.id, known ?? row)
      return
    }
    const known = this.lines.get(event.id)
    if (known !== undefined && known !== line)
      this.faults.push(`the fact ${event.id} arrived with two different contents`)
    this.lines.set(event.id, line)
    if (known !== undefined) this.duplicates += 1
    if (event.type === 'switchhook.endpoint.v1' || event.type === 'switchhook.call.v1')
      this.#count(`${event.type} ${event.v.slice(0, 10)}`, event.k)
    if (event.type === 'switchhook.gap.v1') this.gaps.push(event.data.reason)
    // Late facts are history: they never change presence.
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

  /** Removes rows of older epochs that the new epoch does not list. */
  #forget(rows: Map<string, Row>, listed: ReadonlySet<string>, version: string): void {
    for (const [subject, row] of rows) {
      if (row.v.slice(0, 10) < version.slice(0, 10) && !listed.has(subject)) rows.delete(subject)
    }
  }
}
