import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Events that a real Asterisk 22 sent, one JSON a line, with the CDR lines it wrote for some of them. */
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
    // In the order they were sent, which is not always the order of their times.
    atMs = Math.max(atMs, time === undefined ? 0 : parseTime(time))
    lines.push({ atMs, text })
  }
  return { name, lines, beginMs: lines[0]?.atMs ?? 0 }
}

export function parseTime(time: string): number {
  return Date.parse(time.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
}

/** Asterisk's way to write a time, with or without milliseconds. */
export function formatTime(ms: number, withMs: boolean): string {
  const iso = new Date(ms).toISOString()
  return `${withMs ? iso.slice(0, -1) : iso.slice(0, 19)}+0000`
}

const asteriskIds = /pbx1-(\d+)\.(\d+)/g
const uuids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const times = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?\+0000/g
const ownIds = /"type":"ChannelCreated".*?"channel":\{"id":"((?!pbx1-)[^"]+)"/

/** Channels made by this process, so that each play's ids are new ones. */
let channelsMade = 0

/** Makes a recording a call of now: its times, its channels' and bridges' ids. The same id becomes the same id. */
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

  /** When something recorded at `ms` happens in this play. */
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
