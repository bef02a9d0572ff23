import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import prepare, { prepareAsterisk } from './prepare.ts'
import type { Suite } from './suites.ts'
import { cpuSecondsOfTree } from './support/cpu-time.ts'

/** What the preparation of the suites took, with its child processes. */
export interface Preparation {
  seconds: number
  cpuSeconds: number
}

interface Wanted {
  builds: boolean
  asterisk: boolean
}

/** Builds and installs what the suites need, in a process of its own, so that its processor time is known. */
export async function prepareInChild(run: readonly Suite[]): Promise<Preparation> {
  const wanted: Wanted = {
    builds: run.some(({ group, lowPriority }) => group !== 'computing' && !lowPriority),
    asterisk: run.some(({ startsAsterisk }) => startsAsterisk),
  }
  if (!wanted.builds && !wanted.asterisk) return { seconds: 0, cpuSeconds: 0 }
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(wanted)])
  const ended = once(child, 'exit').then(([status, signal]) => {
    throw new Error(`the preparation failed (status ${status}, signal ${signal}); its error is above`)
  })
  const [preparation] = await Promise.race([once(child, 'message'), ended])
  ended.catch(() => undefined)
  return preparation
}

// Building waits for the disk and one core, installing for the mirror of Debian.
if (process.argv[1] === fileURLToPath(import.meta.url) && process.send) {
  const wanted: Wanted = JSON.parse(process.argv[2] ?? '{}')
  await Promise.all([wanted.builds && prepare(), wanted.asterisk && prepareAsterisk()])
  const preparation = { seconds: performance.now() / 1000, cpuSeconds: cpuSecondsOfTree(process.pid) ?? 0 }
  process.send(preparation, () => process.disconnect())
}
