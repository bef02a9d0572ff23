import { parseArgs } from 'node:util'
import type { Figure } from './figure.ts'
import { measureBacklog } from './rig/backlog.ts'
import { measureCdrLines } from './rig/cdr-lines.ts'
import { measureEvents } from './rig/events.ts'
import { measureMemory } from './rig/memory.ts'
import { Rig } from './rig/rig.ts'
import { measureSends } from './rig/sends.ts'
import { measureIdleLane } from './rig/way-to-sqs.ts'

/** Of the long run of `memory`, events a second: a million in two minutes. */
const memoryRate = '8000'

const parts: Readonly<Record<string, (rig: Rig, scale: number, memoryRate: number) => Promise<Figure[]>>> = {
  events: (rig, scale) => measureEvents(rig, 100_000 * scale),
  cdrs: (rig, scale) => measureCdrLines(rig, 50_000 * scale),
  idle: async (rig, scale) => {
    const bridge = await rig.bridge('idle-lane')
    const figures = await measureIdleLane(rig, bridge, 200 * scale)
    await bridge.stop()
    return figures
  },
  memory: async (rig, scale, rate) => {
    const bridge = await rig.bridge('memory')
    const figures = await measureMemory(rig, bridge, 1_000_000 * scale, rate)
    await bridge.stop()
    return figures
  },
  backlog: (rig, scale) => measureBacklog(rig, 1_000_000 * scale),
  sends: (rig, scale) => measureSends(rig, 20 * scale, 5),
}

/** `npm run bench -- bridge [--only PART,PART] [--scale 1] [--memory-rate 8000]`: about 12 minutes at scale 1. */
export async function measure(args: string[]): Promise<Figure[]> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      scale: { type: 'string', default: '1' },
      'memory-rate': { type: 'string', default: memoryRate },
    },
  })
  const wanted = values.only?.split(',') ?? Object.keys(parts)
  const figures: Figure[] = []
  for (const name of wanted) {
    const part = parts[name]
    if (!part) throw new Error(`--only takes some of ${Object.keys(parts).join(', ')}`)
    await using rig = await Rig.start()
    figures.push(...(await part(rig, Number(values.scale), Number(values['memory-rate']))))
  }
  return figures
}
