import { availableParallelism } from 'node:os'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'
import { FileOrder } from './test/file-order.ts'
import { type Group, groups, type Suite, suites } from './test/suites.ts'

const cores = availableParallelism()

/** Files of a group that run at the same time. */
const workers: Record<Group, number> = { computing: cores, waiting: cores + 2, measuring: 2 }

/** Many times what any test takes on an idle machine: other programs may keep every core busy. */
const timeoutMs = 300_000

/** The same for a condition that `expect.poll` waits for; Vitest itself gives up after one second. */
const poll = { timeout: 120_000, interval: 100 }

function project({ name, group, sharesCloud, startsAsterisk, lowPriority }: Suite): TestProjectConfiguration {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      setupFiles: [
        'test/support/measure-cpu.ts',
        'test/support/setup.ts',
        ...(name === 'pure' ? ['test/support/pure-setup.ts'] : []),
        ...(lowPriority ? ['test/support/low-priority.ts'] : []),
      ],
      globalSetup: [
        ...(group === 'computing' || lowPriority ? [] : ['test/prepare.ts']),
        ...(sharesCloud ? ['test/support/shared-cloud.ts'] : []),
        ...(startsAsterisk ? ['test/prepare-asterisk.ts'] : []),
      ],
      // Files of a suite share a worker's loaded modules; loading them anew for each file would double the time of `pure`.
      isolate: false,
      maxWorkers: workers[group],
      sequence: { groupOrder: groups.indexOf(group) + 1 },
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      expect: { poll },
    },
  }
}

// One Vitest project per suite; test/run.ts runs them and prints how long each took.
export default defineConfig({
  test: { projects: suites.map(project), sequence: { sequencer: FileOrder }, silent: 'passed-only' },
})
