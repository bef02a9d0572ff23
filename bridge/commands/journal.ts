import { constants } from 'node:fs'
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { PlacedCallId } from '../../contracts/commands.ts'
import { errorCode } from '../failure.ts'
import type { PlacedRequest } from '../normalise/placed-calls.ts'
import { type Disk, readIfPresent, realDisk } from '../spool/disk.ts'

/**
 * A claim: the file `commands/<call id>`, created once with O_EXCL and synced with its folder before the phone rings. A
 * command that is delivered again, also after a crash at any point, finds the claim and does not ring. The first line is the
 * request. A second line, `ended`, is added once the end of the call is published.
 */
const Claim = v.object({ endpoint: v.string(), extension: v.string(), startedAt: v.string() })

/** SQS keeps a command for a minute, so a claim that is a day old is no longer needed. */
const claimMaxAgeSeconds = 86_400
const endedLine = 'ended\n'

export class Journal {
  readonly #folder: string
  #notBeforeMs = 0
  readonly #disk: Pick<Disk, 'read' | 'replace'>
  constructor(stateFolder: string, disk: Pick<Disk, 'read' | 'replace'> = realDisk) {
    this.#disk = disk
    this.#folder = join(stateFolder, 'commands')
  }

  /**
   * Returns the claims whose end was not published, and deletes old ones. If the folder does not exist, earlier claims are
   * unknown: then `covers` accepts only commands that were issued later.
   */
  async open(nowMs: number): Promise<{ call: string; request: PlacedRequest }[]> {
    const createdFolder = await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    if (createdFolder !== undefined) this.#notBeforeMs = nowMs
    const unended: { call: string; request: PlacedRequest }[] = []
    for (const call of await readdir(this.#folder)) {
      const path = join(this.#folder, call)
      if (!v.is(PlacedCallId, call) || Number(call.slice(3, 13)) < nowMs / 1000 - claimMaxAgeSeconds) {
        await rm(path, { force: true })
        continue
      }
      const text = await readFile(path, 'utf8')
      if (!text.endsWith(endedLine)) unended.push({ call, request: readClaim(text) })
    }
    return unended
  }

  /** Whether a command issued at that time may run: not if it is older than the journal. */
  covers(issuedAt: string): boolean {
    return Date.parse(issuedAt) >= this.#notBeforeMs
  }

  /** True for the first claim of a call, false for every later one. The claim is durable on return. */
  async claim(call: string, request: PlacedRequest): Promise<boolean> {
    try {
      await using file = await open(join(this.#folder, call), 'wx', 0o600)
      await file.writeFile(`${JSON.stringify(request)}\n`)
      await file.sync()
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false
      throw error
    }
    await using folder = await open(this.#folder, constants.O_RDONLY)
    await folder.sync()
    return true
  }

  /** Like `claim`, for a command that places no call. It has no end to publish, so it is ended at once. */
  async claimOrder(order: string): Promise<boolean> {
    if (!(await this.claim(order, { endpoint: 'PJSIP/unknown', extension: '', startedAt: new Date(0).toISOString() })))
      return false
    await this.noteEnded(order)
    return true
  }

  /** Removes dialled numbers that match from the claims, which stay; returns how many there were. */
  async erase(matches: (bytes: Buffer) => boolean): Promise<number> {
    let removed = 0
    for (const call of await readdir(this.#folder)) {
      const path = join(this.#folder, call)
      const bytes = v.is(PlacedCallId, call) ? await readIfPresent(this.#disk, path) : undefined
      if (!bytes) continue
      const text = bytes.toString('utf8')
      if (!matches(bytes)) continue
      const { endpoint, startedAt } = readClaim(text.split('\n')[0] ?? '')
      const claim = { endpoint: matches(Buffer.from(endpoint)) ? 'PJSIP/unknown' : endpoint, extension: '', startedAt }
      const ended = text.endsWith(endedLine) ? endedLine : ''
      await this.#disk.replace(path, Buffer.from(`${JSON.stringify(claim)}\n${ended}`))
      removed += 1
    }
    return removed
  }

  /** Marks the call's end as published. Not synced: the cloud deduplicates an end that is published twice. */
  async noteEnded(call: string): Promise<void> {
    await using file = await open(join(this.#folder, call), constants.O_WRONLY | constants.O_APPEND)
    await file.writeFile(endedLine)
  }
}

/** Parses a claim. A claim that a power cut has torn still means that its call may have rung. */
function readClaim(text: string): PlacedRequest {
  try {
    return v.parse(Claim, JSON.parse(text))
  } catch {
    return { endpoint: 'PJSIP/unknown', extension: '', startedAt: new Date(0).toISOString() }
  }
}
