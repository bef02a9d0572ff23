import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runStart } from '../test/support/start-command.ts'
import type { Figure } from './figure.ts'

const startMsMax = 300_000

/**
 * `npm start` to the first call on the page: cold (Asterisk not there, nothing built) and warm. What npm itself takes
 * for `npm ci` is not in it.
 */
export async function measure(): Promise<Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'))
  try {
    await Promise.all(['.serverless', 'dist'].map((built) => rm(built, { recursive: true, force: true })))
    const cold = await startOnce(folder)
    const warm = await startOnce(folder)
    return [
      {
        name: 'npm start to the first call, cold',
        value: cold,
        unit: 's',
        target: 'at most 120 with npm ci, which is measured apart',
      },
      { name: 'npm start to the first call, warm', value: warm, unit: 's', target: 'at most 15' },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Seconds until the command says that it is ready, which it does once the first call is in the call log. */
async function startOnce(folder: string): Promise<number> {
  const started = performance.now()
  const command = runStart(['--folder', folder])
  await command.untilSaid('Ready after', startMsMax)
  const seconds = (performance.now() - started) / 1000
  await command.interrupt()
  return seconds
}
