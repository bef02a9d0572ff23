import type { Queue, QueueCaller, QueueMember, QueuePart } from './queues.ts'

/**
 * Returns the queues that parts belong to, each with its members and callers, in the order of their names. Members and callers
 * of a queue whose own part has not arrived are left out.
 */
export function queuesOf(parts: Iterable<QueuePart>): Queue[] {
  const groups = Map.groupBy(parts, ({ queue }) => queue)
  const queues = [...groups.values()].flatMap((group) => queueOf(group) ?? [])
  return queues.sort((a, b) => byName(a.queue, b.queue))
}

function queueOf(parts: readonly QueuePart[]): Queue | undefined {
  const head = parts.find((part) => part.part === 'queue')
  if (!head) return undefined
  const members = parts.flatMap((part): QueueMember[] => {
    if (part.part !== 'member') return []
    const { part: _, queue: __, ...member } = part
    return [member]
  })
  const callers = parts.flatMap((part): QueueCaller[] => {
    if (part.part !== 'caller') return []
    const { part: _, queue: __, ...caller } = part
    return [caller]
  })
  members.sort((a, b) => a.penalty - b.penalty || byName(a.name, b.name) || byName(a.interface, b.interface))
  callers.sort((a, b) => a.position - b.position)
  const [longest] = callers.map(({ since }) => since).sort()
  return {
    queue: head.queue,
    strategy: head.strategy,
    waiting: callers.length,
    ...(longest !== undefined && { longestWaitSince: longest }),
    members,
    callers,
  }
}

/** False while the PBX is down: who is free and who still waits is the last that was known. */
export function isConfirmed({ members, callers }: Pick<Queue, 'members' | 'callers'>): boolean {
  return [...members, ...callers].every(({ confirmed }) => confirmed !== false)
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
