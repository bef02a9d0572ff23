import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'
import { MadeSite } from './make-site.ts'
import { StartError } from './start-error.ts'

/** What a start saves for the next one in `start.json`. Only the owner can read the file, because it contains keys. */
const StartState = v.looseObject({
  /** Ports stay the same, so that an open page and queue URLs in the tables stay valid. */
  ports: v.optional(v.object({ http: v.number(), socket: v.number(), aws: v.number(), page: v.number() })),
  pbxPorts: v.optional(
    v.object({ sip: v.number(), http: v.number(), ami: v.number(), rtpFirst: v.number(), rtpLast: v.number() }),
  ),
  adminKey: v.optional(v.string()),
  /** Sites by the kind of PBX: recorded and real calls have different sites. */
  sites: v.optional(v.record(v.string(), MadeSite)),
})
export type StartState = v.InferOutput<typeof StartState>

/** The folder of `npm start`, in which everything is stored that outlives a run. */
export class StartFolder {
  readonly folder: string
  constructor(folder: string) {
    this.folder = folder
  }

  /** Returns a path in the folder. */
  path(...parts: string[]): string {
    return path.join(this.folder, ...parts)
  }

  /** Creates the folder and returns the state that the last start saved. */
  async open(): Promise<StartState> {
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 })
      const probe = this.path(`.probe-${randomUUID()}`)
      await writeFile(probe, '')
      await rename(probe, this.path('.probe'))
    } catch (cause) {
      const message = `The folder ${this.folder} cannot be written; choose another one with --folder DIR.`
      throw new StartError('folder-not-writable', message, 77, { cause })
    }
    return this.#read()
  }

  async save(state: StartState): Promise<void> {
    // Write a new file and rename it: after a crash the old or the new one is complete.
    await writeFile(this.path('start.json.new'), JSON.stringify(state, null, 2), { mode: 0o600 })
    await rename(this.path('start.json.new'), this.path('start.json'))
  }

  async #read(): Promise<StartState> {
    let text: string
    try {
      text = await readFile(this.path('start.json'), 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
      throw error
    }
    try {
      return v.parse(StartState, JSON.parse(text))
    } catch (cause) {
      const message = `${this.path('start.json')} is damaged; delete the folder ${this.folder} to start with an empty one.`
      throw new StartError('memory-damaged', message, 65, { cause })
    }
  }
}
