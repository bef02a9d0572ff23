import { availableParallelism } from 'node:os'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'
import { FileOrder } from './test/file-order.ts'
import { type Group, groups, projectOf, type Suite, suites } from './test/suites.ts'

const cores = availableParallelism()

/** Files of a group that run at the same time. */
const workers: Record<Group, number> = { computing: cores, waiting: cores + 2, measuring: 2 }

/** Many times what any test takes on an idle machine: other programs may keep every core busy. */
const timeoutMs = 300_000

/** The same for a condition that `expect.poll` waits for; Vitest itself gives up after one second. */
const poll = { timeout: 120_000, interval: 100 }

function project(name: string, members: readonly [Suite, ...Suite[]]): TestProjectConfiguration {
  const [{ group, lowPriority, sharesCloud }] = members
  return {
    test: {
      name,
      include: members.map((suite) => `test/${suite.name}/**/*.test.ts`),
      setupFiles: [
        'test/support/measure-cpu.ts',
        'test/support/setup.ts',
        ...(name === 'pure' ? ['test/support/pure-setup.ts'] : []),
        ...(lowPriority ? ['test/support/low-priority.ts'] : []),
      ],
      globalSetup: [
        ...(group === 'computing' || lowPriority ? [] : ['test/prepare.ts']),
        ...(sharesCloud ? ['test/support/shared-cloud.ts'] : []),
        ...(members.some(({ startsAsterisk }) => startsAsterisk) ? ['test/prepare-asterisk.ts'] : []),
      ],
      // Files of a project share a worker's loaded modules; loading them anew for each file would double the time of `pure`.
      isolate: false,
      maxWorkers: workers[group],
      sequence: { groupOrder: groups.indexOf(group) + 1 },
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      expect: { poll },
    },
  }
}

// test/run.ts runs the suites and prints how long each took.
export default defineConfig({
  test: {
    projects: [...Map.groupBy(suites, projectOf)].map(([name, [first, ...more]]) =>
      project(name, [first as Suite, ...more]),
    ),
    sequence: { sequencer: FileOrder },
    silent: 'passed-only',
  },
})
