import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Folder of events of a real Asterisk 22, one JSON object in each line, and CDR lines of some of the calls. */
export const recordingsFolder = join(import.meta.dirname, '../../test/recordings')

export interface Recording {
  name: string
  lines: { atMs: number; text: string }[]
  /** Unix milliseconds of the first event. */
  beginMs: number
}

export async function readRecording(name: string): Promise<Recording> {
  const content = await readFile(join(recordingsFolder, `${name}.jsonl`), 'utf8')
  const lines: Recording['lines'] = []
  let atMs = 0
  for (const text of content.split('\n')) {
    if (text === '') continue
    const time = /"timestamp":"([^"]+)"/.exec(text)?.[1]
    // Keep the order in which they were sent, which is not always the order of their timestamps.
    atMs = Math.max(atMs, time === undefined ? 0 : parseTime(time))
    lines.push({ atMs, text })
  }
  return { name, lines, beginMs: lines[0]?.atMs ?? 0 }
}

export function parseTime(time: string): number {
  return Date.parse(time.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
}

/** Formats a time like Asterisk, with or without milliseconds. */
export function formatTime(ms: number, withMs: boolean): string {
  const iso = new Date(ms).toISOString()
  return `${withMs ? iso.slice(0, -1) : iso.slice(0, 19)}+0000`
}

const asteriskIds = /pbx1-(\d+)\.(\d+)/g
const uuids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const times = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?\+0000/g
const ownIds = /"type":"ChannelCreated".*?"channel":\{"id":"((?!pbx1-)[^"]+)"/

/** Number of channels in this process, which makes the ids of each replay unique. */
let channelsMade = 0

/** Replaces the times and the ids of channels and bridges, so that a recording becomes a call at this time. Equal ids stay equal. */
export class Rewriter {
  readonly #names = new Map<string, string>()
  readonly #recording: Recording
  readonly #startMs: number
  readonly #speed: number

  constructor(recording: Recording, startMs: number, speed: number) {
    this.#recording = recording
    this.#startMs = startMs
    this.#speed = speed
    for (const { text } of recording.lines) {
      const id = ownIds.exec(text)?.[1]
      if (id !== undefined && !this.#names.has(id)) this.#names.set(id, `${id}-${this.#startMs}${++channelsMade}`)
    }
  }

  /** Returns the time in this replay of an event that was recorded at `ms`. */
  time(ms: number): number {
    return this.#startMs + (ms - this.#recording.beginMs) / this.#speed
  }

  text(text: string): string {
    let out = text
      .replace(asteriskIds, (id, seconds) => this.#rename(id, () => this.#channelId(Number(seconds))))
      .replace(uuids, (id) => this.#rename(id, randomUUID))
      .replace(times, (time, ms) => formatTime(this.time(parseTime(time)), ms !== undefined))
    for (const [id, name] of this.#names) {
      if (!id.startsWith('pbx1-')) out = out.replaceAll(`"${id}"`, `"${name}"`)
    }
    return out
  }

  #rename(id: string, make: () => string): string {
    const name = this.#names.get(id) ?? make()
    this.#names.set(id, name)
    return name
  }

  #channelId(seconds: number): string {
    channelsMade += 1
    return `pbx1-${Math.floor(this.time(seconds * 1000) / 1000)}.${channelsMade}`
  }
}
