import { constants } from 'node:fs'
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { PlacedCallId } from '../../contracts/commands.ts'
import { errorCode } from '../failure.ts'
import type { PlacedRequest } from '../normalise/placed-calls.ts'

/**
 * What this bridge has begun, one file a call: made once, by O_EXCL, and synced with its folder before the phone is rung,
 * so that a command delivered again, or after a crash at any point, finds it and rings nothing. The first line is what was
 * asked; a second, `ended`, says that the call's end was told.
 */
const Claim = v.object({ endpoint: v.string(), extension: v.string(), startedAt: v.string() })

/** SQS keeps a command for a minute, so a claim of yesterday guards nothing any more. */
const keptSeconds = 86_400
const endedLine = 'ended\n'

export class Journal {
  readonly #folder: string
  #notBeforeMs = 0
  constructor(stateFolder: string) {
    this.#folder = join(stateFolder, 'commands')
  }

  /**
   * Answers the claims of which no end was told. Without a journal nobody knows what was begun, so only what is asked from
   * then on is.
   */
  async open(nowMs: number): Promise<{ call: string; request: PlacedRequest }[]> {
    const made = await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    if (made !== undefined) this.#notBeforeMs = nowMs
    const unended: { call: string; request: PlacedRequest }[] = []
    for (const call of await readdir(this.#folder)) {
      const path = join(this.#folder, call)
      if (!v.is(PlacedCallId, call) || Number(call.slice(3, 13)) < nowMs / 1000 - keptSeconds) {
        await rm(path, { force: true })
        continue
      }
      const text = await readFile(path, 'utf8')
      if (!text.endsWith(endedLine)) unended.push({ call, request: readClaim(text) })
    }
    return unended
  }

  /** Whether a command of that time may run: with a journal any, without one those that came after it was made. */
  covers(issuedAt: string): boolean {
    return Date.parse(issuedAt) >= this.#notBeforeMs
  }

  /** True for one caller alone, ever; durable on return. */
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

  /** Of an order that is no call: true once, durable on return; nothing follows from it after a crash. */
  async claimOrder(order: string): Promise<boolean> {
    if (!(await this.claim(order, { endpoint: 'PJSIP/unknown', extension: '', startedAt: new Date(0).toISOString() })))
      return false
    await this.noteEnded(order)
    return true
  }

  /** Not synced: an end told twice is absorbed. */
  async noteEnded(call: string): Promise<void> {
    await using file = await open(join(this.#folder, call), constants.O_WRONLY | constants.O_APPEND)
    await file.writeFile(endedLine)
  }
}

/** A claim torn by a power cut still says that its call may have been rung. */
function readClaim(text: string): PlacedRequest {
  try {
    return v.parse(Claim, JSON.parse(text))
  } catch {
    return { endpoint: 'PJSIP/unknown', extension: '', startedAt: new Date(0).toISOString() }
  }
}
