import { defineConfig } from 'vitest/config'

// One project a suite; test/run.ts runs them in this order and prints the time of each.
// `pure` and `simulate` run their files side by side; the others share ports, processes and two cores, so theirs take turns.
export default defineConfig({
  test: {
    // On two cores Vitest takes one worker by itself; files of `pure` wait for disks and sockets for half their time.
    maxWorkers: 3,
    projects: [
      { test: { name: 'house', include: ['test/house/**/*.test.ts'], testTimeout: 60_000 } },
      // A property of ten thousand cases takes a second by itself and many on a machine that has other work.
      { test: { name: 'pure', include: ['test/pure/**/*.test.ts'], testTimeout: 30_000 } },
      { test: { name: 'simulate', include: ['test/simulate/**/*.test.ts'], testTimeout: 60_000 } },
      ...['cloud', 'packaged', 'pbx', 'browser'].map((name) => ({
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      })),
    ],
  },
})
