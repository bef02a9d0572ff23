/** A message of the watch's own queue: which sixth of its minute it stands for. */
export interface Tick {
  part: number
}

/** EventBridge's shortest rate is a minute; six delayed messages make it ten seconds. */
export const ticksPerMinute = 6
export const tickSeconds = 10

export interface TickQueue {
  send(tick: Tick, delaySeconds: number): Promise<void>
}

/** Queues one minute of ticks, each delayed until it is due. */
export async function sendTicks(queue: TickQueue): Promise<void> {
  const parts = Array.from({ length: ticksPerMinute }, (_, part) => part)
  await Promise.all(parts.map((part) => queue.send({ part }, part * tickSeconds)))
}

/** A task that the watch runs at each tick, or at the first tick of each minute. */
export interface ScheduledTask {
  name: string
  every: 'tick' | 'minute'
  /** Starts nothing new after `until` (Unix milliseconds). Returns counts for the log. */
  run(until: number): Promise<Record<string, number>>
}

export function tasksOf(tick: Tick, tasks: readonly ScheduledTask[]): ScheduledTask[] {
  return tasks.filter(({ every }) => every === 'tick' || tick.part === 0)
}
