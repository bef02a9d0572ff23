import { type Figure, median } from '../figure.ts'
import type { BenchBridge, Rig } from './rig.ts'

const lookMs = 250

/** Resident memory at 1,000 events a second, and how it moves over a million events at `rate`. */
export async function measureMemory(rig: Rig, bridge: BenchBridge, events: number, rate: number): Promise<Figure[]> {
  const slow = await sampled(bridge, () => rig.play({ events: 30_000, rate: 1000 }))
  const long = await sampled(bridge, () => rig.play({ events, rate }))
  const part = (from: number, to: number) => long.slice(Math.floor(long.length * from), Math.ceil(long.length * to))
  const growth = median(part(0.75, 1)) / median(part(0.25, 0.5)) - 1
  return [
    { name: 'resident memory at 1,000 events a second', value: median(slow), unit: 'MB', target: 'at most 110' },
    { name: 'at the most', value: Math.max(...slow), unit: 'MB' },
    {
      name: `growth over ${events} events, second to last quarter`,
      value: growth * 100,
      unit: '%',
      target: 'at most 5',
    },
    { name: `at ${rate} events a second`, value: median(long), unit: 'MB' },
  ]
}

async function sampled(bridge: BenchBridge, play: () => Promise<unknown>): Promise<number[]> {
  const samples: number[] = []
  let isPlaying = true
  const playing = play().finally(() => {
    isPlaying = false
  })
  while (isPlaying) {
    samples.push(await bridge.residentMb())
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
  await playing
  return samples
}
