import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'
import { MadeSite } from './make-site.ts'
import { StartError } from './start-error.ts'

/** What a start leaves for the next one, in `start.json`, readable by its owner alone since it holds a key. */
const Memory = v.looseObject({
  /** Ports are kept, so that a page left open and queue URLs in the tables stay right. */
  ports: v.optional(v.object({ http: v.number(), socket: v.number(), aws: v.number(), page: v.number() })),
  pbxPorts: v.optional(
    v.object({ sip: v.number(), http: v.number(), ami: v.number(), rtpFirst: v.number(), rtpLast: v.number() }),
  ),
  adminKey: v.optional(v.string()),
  /** By the kind of PBX: recorded calls and real ones never share a site. */
  sites: v.optional(v.record(v.string(), MadeSite)),
})
export type Memory = v.InferOutput<typeof Memory>

/** The folder of one local Switchhook. */
export class Home {
  readonly folder: string
  constructor(folder: string) {
    this.folder = folder
  }

  path(...parts: string[]): string {
    return path.join(this.folder, ...parts)
  }

  async open(): Promise<Memory> {
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 })
      const probe = this.path(`.probe-${randomUUID()}`)
      await writeFile(probe, '')
      await rename(probe, this.path('.probe'))
    } catch (cause) {
      const message = `The folder ${this.folder} cannot be written; give another one with --folder DIR.`
      throw new StartError('folder-not-writable', message, 77, { cause })
    }
    return this.#read()
  }

  async remember(memory: Memory): Promise<void> {
    // Written aside and renamed: a crash leaves the old one or the new one.
    await writeFile(this.path('start.json.new'), JSON.stringify(memory, null, 2), { mode: 0o600 })
    await rename(this.path('start.json.new'), this.path('start.json'))
  }

  async #read(): Promise<Memory> {
    let text: string
    try {
      text = await readFile(this.path('start.json'), 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
      throw error
    }
    try {
      return v.parse(Memory, JSON.parse(text))
    } catch (cause) {
      const message = `${this.path('start.json')} is damaged; delete the folder ${this.folder} to start anew.`
      throw new StartError('memory-damaged', message, 65, { cause })
    }
  }
}
