import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { SpoolRecord } from '../../bridge/spool/segment.ts'
import { Spool, type SpoolOptions } from '../../bridge/spool/spool.ts'

/** Creates a folder for a spool; it is removed when the test ends. */
export async function spoolFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-spool-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A spool in the folder, with the records that it passed on and the errorIds that it counted. */
export function spoolIn(folder: string, options: Partial<SpoolOptions> = {}) {
  const durable: SpoolRecord[] = []
  const counted: string[] = []
  const spool = new Spool({
    folder,
    onDurable: (records) => durable.push(...records),
    onBroken: (error) => counted.push(`broken: ${error}`),
    onCount: (errorId) => counted.push(errorId),
    ...options,
  })
  return { spool, durable, counted }
}

export const texts = (records: readonly SpoolRecord[]) => records.map((record) => record.payload.toString())
export const numbers = (records: readonly SpoolRecord[]) => records.map((record) => record.number)
