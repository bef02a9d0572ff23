import { expect, test } from 'vitest'
import { plants } from './presence/plants.ts'
import { quietly } from './presence/quietly.ts'
import { runSchedule } from './presence/schedule.ts'

/**
 * Goal: after faults, every client's picture equals the PBX's and never went back. Method: a sample of the seeded
 * schedules of `npm run campaign -- truth`, and for each planted bug as many as it takes to find it.
 */
const sampleSeeds = 150
const plantSeedsMax = 300

test('each client ends with what the PBX says, and none ever steps back', async () => {
  const wrongs: string[] = []
  for (let seed = 0; seed < sampleSeeds; seed += 1) {
    const outcome = await quietly(() => runSchedule(seed))
    wrongs.push(...outcome.wrongs.map((wrong) => `seed ${seed}: ${wrong}`))
  }
  expect(wrongs).toEqual([])
}, 120_000)

test.each(plants)(
  'the planted bug %s is found',
  async (plant) => {
    let seed = 0
    while (seed < plantSeedsMax && (await quietly(() => runSchedule(seed, plant))).wrongs.length === 0) seed += 1
    expect(seed).toBeLessThan(plantSeedsMax)
  },
  120_000,
)
