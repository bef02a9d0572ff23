import { afterAll } from 'vitest'
import { cpuSecondsOfTree } from './cpu-time.ts'

/** Setup file of every suite: reports the processor time of each test file, with its imports and child processes. */
declare module 'vitest' {
  interface TaskMeta {
    cpuSeconds?: number
  }
}

declare global {
  /** Processor time of this worker at the end of its last test file; a worker runs several files. */
  var cpuSecondsBefore: number | undefined
}

// biome-ignore lint/correctness/noEmptyPattern: Vitest reads the parameters' text and takes a pattern only
afterAll(({}, file) => {
  const now = cpuSecondsOfTree(process.pid)
  if (now === undefined) return
  file.meta.cpuSeconds = now - (globalThis.cpuSecondsBefore ?? 0)
  globalThis.cpuSecondsBefore = now
})
