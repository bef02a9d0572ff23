import { expect, test } from 'vitest'
import type { Plant } from '../simulate/presence/plants.ts'
import { quietly } from '../simulate/presence/quietly.ts'
import { runSchedule } from '../simulate/presence/schedule.ts'

/**
 * Goal: after faults, every client's picture equals the PBX's and never went back. Method: a sample of the seeded
 * schedules of `npm run campaign -- truth`, and one seed for each planted bug, which has to find it.
 */
const sample = Array.from({ length: 32 }, (_, seed) => seed)

test('each client ends with what the PBX says, and none ever steps back', async () => {
  const wrongs: string[] = []
  for (const seed of sample) {
    const outcome = await quietly(() => runSchedule(seed))
    wrongs.push(...outcome.wrongs.map((wrong) => `seed ${seed}: ${wrong}`))
  }
  expect(wrongs).toEqual([])
}, 30_000)

test.each<[Plant, number]>([
  ['snapshot-before-subscription', 117],
  ['strict-less', 41],
  ['no-tombstone', 3],
  ['epoch-from-counter', 0],
  ['late-made-live', 23],
])('the planted bug %s is found', async (plant, seed) => {
  const { wrongs } = await quietly(() => runSchedule(seed, plant))
  expect(wrongs).not.toEqual([])
})
