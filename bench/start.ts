import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { installAsterisk } from '../infra/asterisk/install.ts'
import { packageService } from '../infra/build/package.ts'
import { runStart } from '../test/support/start-command.ts'
import { type Figure, secondsOf } from './figure.ts'

const startMsMax = 300_000

/**
 * `npm run bench -- start`: from `npm start` to the first call in the call log, cold (no Asterisk, nothing built) and warm.
 * The cold start is divided by its two long parts done alone: packaging the functions and unpacking Asterisk.
 */
export async function measure(): Promise<Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'))
  try {
    const packaged = await secondsOf(() => packageService(process.cwd()))
    const unpacked = await secondsOf(() =>
      installAsterisk({ folder: path.join(folder, 'alone'), progress: () => undefined }),
    )
    await Promise.all(['.serverless', 'dist'].map((built) => rm(built, { recursive: true, force: true })))
    const cold = await startOnce(path.join(folder, 'start'))
    const warm = await startOnce(path.join(folder, 'start'))
    const ratioTo = 'packaging and unpacking alone'
    const ratio = cold / (packaged + unpacked)
    return [
      { name: 'packaging the functions', value: packaged, unit: 's' },
      { name: 'unpacking Asterisk', value: unpacked, unit: 's' },
      { name: 'npm start to the first call, cold', value: cold, unit: 's' },
      { name: 'npm start to the first call, cold', value: ratio, unit: '', target: 'at most 2', ratioTo },
      { name: 'npm start to the first call, warm', value: warm, unit: 's' },
      {
        name: 'npm start to the first call, warm',
        value: warm / cold,
        unit: '',
        target: 'at most 0.7',
        ratioTo: 'the cold start',
      },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Seconds until the command says that it is ready, once the first call is in the call log. */
async function startOnce(folder: string): Promise<number> {
  const started = performance.now()
  const command = runStart(['--folder', folder])
  await command.untilSaid('Ready after', startMsMax)
  const seconds = (performance.now() - started) / 1000
  await command.interrupt()
  return seconds
}
