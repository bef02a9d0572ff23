import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import type { SharedCloud } from './shared-cloud-process.ts'

declare module 'vitest' {
  interface ProvidedContext {
    sharedCloud: SharedCloud
  }
}

interface Running {
  child: ChildProcess
  cloud: SharedCloud
}

/** One for all suites of a run: Vitest calls the global setup of each suite in this process. */
let running: Promise<Running> | undefined
let users = 0

/**
 * Global setup: starts the packaged functions on one local cloud for all test files of a run, in a process of its own.
 * A file that stops the cloud, injects faults or counts everything in it deploys a cloud of its own instead.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  users += 1
  running ??= start()
  const { child, cloud } = await running
  project.provide('sharedCloud', cloud)
  return async () => {
    users -= 1
    if (users > 0) return
    running = undefined
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
    child.disconnect()
    await ended
  }
}

async function start(): Promise<Running> {
  const child = fork(path.join(import.meta.dirname, 'shared-cloud-process.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([status, signal]) => {
    throw new Error(`the shared cloud ended at its start (status ${status}, signal ${signal})`)
  })
  const [cloud] = await Promise.race([once(child, 'message'), ended])
  ended.catch(() => undefined)
  return { child, cloud }
}
