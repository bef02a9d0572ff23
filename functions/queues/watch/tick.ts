/** What the tick's queue carries: which sixth of its minute it is. */
export interface Tick {
  part: number
}

/** EventBridge's shortest rate is a minute; six delayed messages make it ten seconds. */
export const ticksPerMinute = 6
export const tickSeconds = 10

export interface TickQueue {
  send(tick: Tick, delaySeconds: number): Promise<void>
}

/** One minute of ticks, each delivered when it is due. */
export async function sendTicks(queue: TickQueue): Promise<void> {
  const parts = Array.from({ length: ticksPerMinute }, (_, part) => part)
  await Promise.all(parts.map((part) => queue.send({ part }, part * tickSeconds)))
}

/** A duty of the watch. `every` says whether it is done at each tick or at the first of each minute. */
export interface ScheduledTask {
  name: string
  every: 'tick' | 'minute'
  run(until: number): Promise<Record<string, number>>
}

export function dutiesOf(tick: Tick, scheduledTasks: readonly ScheduledTask[]): ScheduledTask[] {
  return scheduledTasks.filter(({ every }) => every === 'tick' || tick.part === 0)
}
