import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import type { SharedCloud } from './shared-cloud-process.ts'

declare module 'vitest' {
  interface ProvidedContext {
    sharedCloud: SharedCloud
  }
}

/**
 * Global setup: starts the packaged functions on one local cloud for all test files of a run, in a process of its own.
 * A file that stops the cloud, injects faults or counts everything in it deploys a cloud of its own instead.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const child = fork(path.join(import.meta.dirname, 'shared-cloud-process.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const failed = ended.then(([status, signal]) => {
    throw new Error(`the shared cloud ended at its start (status ${status}, signal ${signal})`)
  })
  const [cloud] = await Promise.race([once(child, 'message'), failed])
  failed.catch(() => undefined)
  project.provide('sharedCloud', cloud)
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.disconnect()
    await ended
  }
}
