import { defineConfig } from 'vitest/config'

// One project a suite; test/run.ts runs them in this order and prints the time of each.
// `pure` runs its files side by side; the others share ports, processes and two cores, so theirs take turns.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'pure', include: ['test/pure/**/*.test.ts'] } },
      ...['simulate', 'cloud', 'packaged', 'pbx', 'browser'].map((name) => ({
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
